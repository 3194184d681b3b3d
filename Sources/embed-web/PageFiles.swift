import Foundation

/// Finds the files of the page.
enum PageFiles {
    /// What stops the tool.
    struct Failure: Error, Equatable, CustomStringConvertible {
        /// One sentence.
        var description: String
    }

    /// Folders whose files are for working on the page.
    private static let skippedFolders: Set = ["tests", "node_modules"]

    /// Files that are for working on the page.
    private static let skippedFiles: Set = ["jsconfig.json", "tsconfig.json", "package.json", "package-lock.json"]

    /// Reads every file of the page.
    /// - Parameter root: The folder that holds `index.html`.
    /// - Returns: Paths below the folder, in order, and texts.
    /// - Throws: ``Failure`` when there is no `index.html`, and when a file is not text.
    static func read(below root: String) throws -> [(path: String, text: String)] {
        let root = URL(fileURLWithPath: root).resolvingSymlinksInPath().path
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
        let files = try names.filter(isOfPage).sorted().compactMap { path in
            try text(of: "\(root)/\(path)").map { (path: path, text: $0) }
        }
        guard files.contains(where: { $0.path == "index.html" }) else {
            throw Failure(description: "\(root) has no index.html")
        }
        return files
    }

    /// Whether a path names something of the page, rather than tests, notes, settings of editors or hidden files.
    static func isOfPage(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last, !parts.contains(where: { $0.hasPrefix(".") }) else { return false }
        return skippedFolders.isDisjoint(with: parts.dropLast()) && !skippedFiles.contains(name)
            && !name.hasSuffix(".md")
    }

    /// Reads a file.
    /// - Returns: `nil` for a folder.
    private static func text(of path: String) throws -> String? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
            isDirectory.boolValue || FileManager.default.isReadableFile(atPath: path)
        else {
            throw Failure(description: "\(path) can't be read")
        }
        if isDirectory.boolValue { return nil }
        guard let text = String(validating: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self) else {
            throw Failure(description: "\(path) is not UTF-8: only text can be compiled into the program")
        }
        return text
    }
}
