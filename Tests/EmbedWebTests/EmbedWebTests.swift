import CZlib
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

    @Test(arguments: [
        ("index.html", true), ("a/b.js", true), ("tests.js", true), ("a/tests", true), ("tests/a.js", false),
        ("a/tests/b.js", false), ("node_modules/x/index.js", false), ("README.md", false), ("a/notes.md", false),
        ("jsconfig.json", false), ("a/package.json", false), (".eslintrc", false), (".git/config", false),
    ])
    func choosesThePage(path: String, belongs: Bool) {
        #expect(PageFiles.isOfPage(path) == belongs)
    }

    @Test
    func writesATable() throws {
        let folder = try Folder([
            "index.html": Data("<p>\n".utf8), "a/b.js": Data("`${x}`".utf8), "tests/photo.png": Data([0xFF]),
        ])
        try EmbedWeb.run([folder.path, "\(folder.path)/.out"])
        let source = try String(contentsOfFile: "\(folder.path)/.out", encoding: .utf8)
        let lines = source.split(separator: "\n").filter { $0.contains("(path: \"") }
        #expect(
            lines == [
                "        (path: \"a/b.js\", text: \"`${x}`\", gzip: \"\"),",
                "        (path: \"index.html\", text: \"<p>\\n\", gzip: \"\"),",
            ]
        )
    }

    @Test(arguments: [String(repeating: "let x = 1;\n", count: 100), String(repeating: "\u{1F600}", count: 100_000)])
    func compresses(text: String) throws {
        let compressed = try #require(Data(base64Encoded: SwiftTable.gzip(text)))
        #expect(compressed.count < text.utf8.count / 10)
        // No name and no time: RFC 1952 §2.3.
        #expect(Array(compressed.prefix(8)) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
        #expect(decompress(Array(compressed), size: text.utf8.count) == Array(text.utf8))
        #expect(SwiftTable.gzip(text) == SwiftTable.gzip(text))
    }

    @Test(arguments: ["", "x", "p { margin: 0 }"])
    func leavesWhatIsNoShorter(text: String) {
        #expect(SwiftTable.gzip(text) == "")
    }

    private func decompress(_ bytes: [UInt8], size: Int) -> [UInt8]? {
        var stream = z_stream()
        var bytes = bytes
        var output = [UInt8](repeating: 0, count: size + 1)
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        let status = bytes.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        return status == Z_STREAM_END ? Array(output.prefix(Int(stream.total_out))) : nil
    }

    @Test(arguments: [Data([0xFF]), Data([0xC3]), Data([0xED, 0xA0, 0x80])])
    func refusesWhatIsNotText(bytes: Data) throws {
        let folder = try Folder(["index.html": Data(), "photo.png": bytes])
        let failure = PageFiles.Failure(
            description: "\(folder.path)/photo.png is not UTF-8: only text can be compiled into the program"
        )
        #expect(throws: failure) { try EmbedWeb.run([folder.path, "\(folder.path)/.out"]) }
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/.out"))
    }

    @Test
    func refusesAFolderWithoutAPage() throws {
        let folder = try Folder(["other.html": Data()])
        #expect(throws: PageFiles.Failure.self) { try EmbedWeb.run([folder.path, "\(folder.path)/.out"]) }
        #expect(throws: PageFiles.Failure.self) { try EmbedWeb.run(["\(folder.path)/none", "\(folder.path)/.out"]) }
        #expect(throws: PageFiles.Failure.self) { try EmbedWeb.run([folder.path]) }
    }

    /// A folder with files, gone with the value.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString

        init(_ files: [String: Data]) throws {
            for (name, bytes) in files {
                let url = URL(fileURLWithPath: "\(path)/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try bytes.write(to: url)
            }
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}
