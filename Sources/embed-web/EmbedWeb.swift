import Foundation

/// Turns text files into a Swift file: `embed-web OUTPUT ROOT FILE…`, with the files' paths below `ROOT`.
@main
enum EmbedWeb {
    /// What stops the tool.
    struct Failure: Error, Equatable, CustomStringConvertible {
        /// One sentence.
        var description: String
    }

    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            // The form that build systems show as an error of the build.
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Reads the files and writes the table.
    static func run(_ arguments: [String]) throws {
        guard arguments.count >= 2 else { throw Failure(description: "usage: embed-web OUTPUT ROOT FILE…") }
        let root = URL(fileURLWithPath: arguments[1], isDirectory: true)
        let files = try arguments.dropFirst(2).map { path in
            (path: path, text: try text(of: root.appendingPathComponent(path)))
        }
        guard files.contains(where: { $0.path == "index.html" }) else {
            throw Failure(description: "\(root.path) has no index.html")
        }
        try Data(SwiftTable.source(files).utf8).write(to: URL(fileURLWithPath: arguments[0]), options: .atomic)
    }

    private static func text(of file: URL) throws -> String {
        guard let bytes = try? Data(contentsOf: file) else {
            throw Failure(description: "\(file.path) can't be read")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(description: "\(file.path) is not UTF-8: only text can be compiled into the program")
        }
        return text
    }
}
