import FoundationEssentials
import NIOCore

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
        table(files: EmbeddedWeb.files)
    }

    /// Takes files as pairs of path and text.
    static func table(files: [(path: String, text: String)]) -> Self {
        .table(
            Dictionary(
                files.map { ($0.path, WebAsset(name: $0.path, body: ByteBuffer(string: $0.text))) },
                uniquingKeysWith: { first, _ in first }
            )
        )
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
