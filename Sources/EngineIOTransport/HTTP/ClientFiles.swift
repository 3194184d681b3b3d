import Crypto
import EngineIO
public import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The official browser client as the operator supplies it, served at `socket.io.js` and so on below a server's path.
///
/// The official server carries its client along. This one doesn't: the files are another project's, in versions of their
/// own. They are in the npm package `socket.io-client`, folder `dist`, and may as well come from any other web server.
public struct ClientFiles: Sendable {
    /// The files that are served, with and without `.map`.
    public static let names = Set(
        ["", ".min", ".esm", ".esm.min", ".msgpack", ".msgpack.min"].flatMap { variant in
            ["socket.io\(variant).js", "socket.io\(variant).js.map"]
        }
    )

    /// A folder without any of the files.
    public struct NoFiles: Error, CustomStringConvertible {
        /// The folder.
        public var directory: String

        /// What is wrong, for the operator.
        public var description: String { "there is no socket.io.js, nor a variant of it, in \(directory)" }
    }

    private struct File: Sendable {
        let isMap: Bool
        let tag: String
        let contents: ByteBuffer
        let compressed: [ContentCoding: ByteBuffer]

        init(_ name: String, _ data: Data) {
            isMap = name.hasSuffix(".map")
            let hash = SHA256.hash(data: data)
            tag =
                "\"" + hash.prefix(10).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
                + "\""
            let contents = ByteBuffer(bytes: data)
            self.contents = contents
            let compressor = PollCompressor()
            compressed = Dictionary(
                uniqueKeysWithValues: ContentCoding.allCases.map { coding in
                    (coding, compressor.compress(contents, coding, HTTPCompression(level: 9)))
                }
            )
        }
    }

    private let files: [String: File]

    /// Takes files from memory.
    /// - Precondition: The names are among ``names``.
    public init(_ files: [String: Data]) {
        precondition(files.keys.allSatisfy(Self.names.contains), "client files must have the official names")
        self.files = Dictionary(
            uniqueKeysWithValues: files.map { name, contents in (name, File(name, contents)) }
        )
    }

    /// Reads those of the files that are in a folder, once.
    /// - Throws: ``NoFiles`` when there are none, and what reading throws.
    public init(directory: String) throws {
        let folder = URL(filePath: directory, directoryHint: .isDirectory)
        var files: [String: Data] = [:]
        for name in Self.names {
            let path = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: path.path) else { continue }
            files[name] = try Data(contentsOf: path)
        }
        guard !files.isEmpty else { throw NoFiles(directory: directory) }
        self.init(files)
    }

    /// The response to a request for one of the files; `nil` for all other requests.
    func response(to request: EngineHTTPRequest) -> (status: Int, headers: [(String, String)], body: ByteBuffer)? {
        guard request.head.method == .GET || request.head.method == .HEAD,
            let file = files[String(request.target.path.dropFirst(request.server.path.count))]
        else { return nil }
        var headers = [("Cache-Control", "public, max-age=0"), ("ETag", file.tag), ("Vary", "Accept-Encoding")]
        let known = request.head.headers[canonicalForm: "If-None-Match"]
        if known.contains(where: { $0 == "*" || $0 == file.tag || $0.dropFirst(2) == file.tag }) {
            return (304, headers, ByteBuffer())
        }
        let type = file.isMap ? "application/json" : "application/javascript"
        headers.append(("Content-Type", "\(type); charset=utf-8"))
        guard let coding = ContentCoding.preferred(by: request.head.headers["Accept-Encoding"]),
            let compressed = file.compressed[coding]
        else { return (200, headers, file.contents) }
        headers.append(("Content-Encoding", coding.rawValue))
        return (200, headers, compressed)
    }
}
