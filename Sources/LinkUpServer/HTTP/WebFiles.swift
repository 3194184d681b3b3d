import Crypto
import FoundationEssentials
import NIOCore
import Networking

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the files of the page come from.
enum WebFiles: Sendable {
    /// From a table, by their paths below `Web/`.
    case table([String: WebAsset])
    /// From a folder, read anew for each request; the value is the folder's path without symbolic links.
    case directory(String)

    /// The largest file that is read from a folder.
    static let largestFile = 16 << 20

    /// The files that were compiled into the program.
    static func embedded() -> Self {
        let files = EmbeddedWeb.files.map { file in
            let gzip = file.gzip.isEmpty ? nil : Data(base64Encoded: file.gzip).map { ByteBuffer(bytes: $0) }
            return (file.path, WebAsset(name: file.path, body: ByteBuffer(string: file.text), gzip: gzip))
        }
        return .table(Dictionary(uniqueKeysWithValues: files))
    }

    /// The page itself.
    static let page = "index.html"

    /// What stands for these files in their addresses.
    ///
    /// A digest of all paths and bytes but those of the page, which is asked for anew each time: as long as it is the
    /// same, so are the files. A folder changes while it is served, and is never kept.
    var version: String {
        switch self {
        case .table(let assets):
            var hash = SHA256()
            for (path, asset) in assets.sorted(by: { $0.key < $1.key }) where path != Self.page {
                hash.update(data: Data("\(path)\0\(asset.digest)\0".utf8))
            }
            return Base64URL.encode(hash.finalize().prefix(12))
        case .directory:
            return "live"
        }
    }

    /// Takes the files of a folder, for working on the page.
    /// - Throws: ``StartupError`` when it holds no `index.html`.
    static func directory(at path: String) throws(StartupError) -> Self {
        guard let root = realPath(path), access("\(root)/index.html", R_OK) == 0 else {
            throw StartupError("the web directory \(path) holds no readable index.html")
        }
        return .directory(root)
    }

    /// Finds a file.
    /// - Parameter path: The path below `Web/`, decoded, without leading slash.
    /// - Returns: `nil` when there is none; so for anything outside of the folder.
    func asset(_ path: String) -> WebAsset? {
        switch self {
        case .table(let assets):
            assets[path]
        case .directory(let root):
            Self.read(path, below: root)
        }
    }

    private static func read(_ path: String, below root: String) -> WebAsset? {
        guard Self.isPlain(path), Self.isOfPage(path), let file = realPath("\(root)/\(path)"),
            file.hasPrefix("\(root)/")
        else { return nil }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let size = attributes?[.size] as? UInt64, size <= UInt64(largestFile),
            let bytes = FileManager.default.contents(atPath: file)
        else { return nil }
        return WebAsset(name: path, body: ByteBuffer(bytes: bytes))
    }

    /// Whether no part of a path is empty or begins with a dot, so that neither parents nor hidden files are meant.
    static func isPlain(_ path: String) -> Bool {
        !path.utf8.contains(0)
            && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .allSatisfy { part in
                    guard let first = part.first else { return false }
                    return first != UInt8(ascii: ".")
                }
    }

    /// Whether a path names something of the page, rather than what is for working on it; the program's own copy has
    /// only the former.
    static func isOfPage(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map { $0.lowercased() }
        guard let name = parts.last, !parts.contains("tests"), !parts.contains("node_modules") else { return false }
        return !["jsconfig.json", "tsconfig.json", "package.json", "package-lock.json"].contains(name)
            && !name.hasSuffix(".md")
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
