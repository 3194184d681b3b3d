import FoundationEssentials
import Logging
import Testing

@testable import linkup

@Suite
struct JSONLogHandlerTests {
    @Test
    func anEntryIsALine() {
        let line = JSONLogHandler.line(
            label: "linkup",
            level: .warning,
            message: "a \"quoted\"\nline \u{2028}/",
            metadata: ["b": "1", "a": ["x", ["y": "z"]], "number": .stringConvertible(7)],
            source: "LinkUpServer",
            at: Date(timeIntervalSince1970: 1_800_000_000.25)
        )
        #expect(
            line
                == #"{"label":"linkup","level":"warning","message":"a \"quoted\"\nline "# + "\u{2028}"
                + #"/","metadata":{"a":["x",{"y":"z"}],"b":"1","number":"7"},"#
                + #""source":"LinkUpServer","time":"2027-01-15T08:00:00.250Z"}"#
        )
        let bare = JSONLogHandler.line(label: "", level: .info, message: "", metadata: [:], source: "", at: Date())
        #expect(!bare.contains("metadata") && !bare.contains("\n"))
    }
}
