import NIOCore
import Testing

@testable import EngineIO

@Suite struct JSONStringTests {
    @Test(
        arguments: [
            ("", #""""#), ("a", #""a""#), ("\"\\", #""\"\\""#), ("\n\r\t\0\u{1f}", #""\n\u000d\u0009\u0000\u001f""#),
            ("é😀", #""é😀""#), ("\u{2028}\u{2029}\u{2027}", "\"\\u2028\\u2029\u{2027}\""),
        ]
    )
    func escapesWhatMustBe(text: String, literal: String) {
        #expect(JSONString.literal(text) == literal)
    }
}
