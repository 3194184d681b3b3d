import FoundationEssentials
import Testing

/// The inputs that the fuzzers begin with, and those that they once found.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func everyInputIsTaken(target: FuzzTarget) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Corpus/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(!names.isEmpty)
        for name in names.sorted() {
            let input = try Data(contentsOf: folder.appending(path: name))
            input.withUnsafeBytes { target.run($0) }
        }
    }
}
