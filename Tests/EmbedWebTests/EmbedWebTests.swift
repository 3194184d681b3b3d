import Foundation
import Testing

@testable import embed_web

@Suite
struct EmbedWebTests {
    @Test(arguments: [
        ("", "\"\""), ("a b", "\"a b\""), ("\"\\(x)\"", "\"\\\"\\\\(x)\\\"\""), ("a\r\nb\tc", "\"a\\r\\nb\\tc\""),
        ("\u{0}\u{7F}\u{85}", "\"\\u{0}\\u{7f}\\u{85}\""), ("caf\u{E9} \u{1F600}", "\"caf\\u{e9} \\u{1f600}\""),
        ("#\"\"\"#", "\"#\\\"\\\"\\\"#\""),
    ])
    func quotes(text: String, literal: String) {
        #expect(SwiftTable.literal(text) == literal)
    }

    @Test
    func writesATable() throws {
        let folder = try Folder(["index.html": Data("<p>\n".utf8), "a/b.js": Data("`${x}`".utf8)])
        try EmbedWeb.run([folder.path("out.swift"), folder.path(""), "index.html", "a/b.js"])
        let source = try String(contentsOfFile: folder.path("out.swift"), encoding: .utf8)
        #expect(source.contains("(path: \"index.html\", text: \"<p>\\n\"),"))
        #expect(source.contains("(path: \"a/b.js\", text: \"`${x}`\"),"))
    }

    @Test(arguments: [Data([0xFF]), Data([0xC3]), Data([0xED, 0xA0, 0x80])])
    func refusesWhatIsNotText(bytes: Data) throws {
        let folder = try Folder(["index.html": Data(), "photo.png": bytes])
        let failure = EmbedWeb.Failure(
            description: "\(folder.path("photo.png")) is not UTF-8: only text can be compiled into the program"
        )
        #expect(throws: failure) {
            try EmbedWeb.run([folder.path("out.swift"), folder.path(""), "index.html", "photo.png"])
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.swift")))
    }

    @Test
    func refusesMissingFilesAndAMissingPage() throws {
        let folder = try Folder(["other.html": Data()])
        #expect(throws: EmbedWeb.Failure.self) {
            try EmbedWeb.run([folder.path("out.swift"), folder.path(""), "index.html"])
        }
        #expect(throws: EmbedWeb.Failure.self) {
            try EmbedWeb.run([folder.path("out.swift"), folder.path(""), "other.html"])
        }
        #expect(throws: EmbedWeb.Failure.self) { try EmbedWeb.run(["out.swift"]) }
    }

    /// A folder with files, gone with the value.
    private final class Folder {
        private let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

        init(_ files: [String: Data]) throws {
            for (path, bytes) in files {
                let url = root.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try bytes.write(to: url)
            }
        }

        deinit {
            try? FileManager.default.removeItem(at: root)
        }

        func path(_ name: String) -> String {
            name.isEmpty ? root.path : root.appendingPathComponent(name).path
        }
    }
}
