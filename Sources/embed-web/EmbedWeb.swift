import Foundation

/// Turns the text files of a folder into a Swift file: `embed-web ROOT OUTPUT`.
@main
enum EmbedWeb {
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
        guard arguments.count == 2 else { throw PageFiles.Failure(description: "usage: embed-web ROOT OUTPUT") }
        let source = SwiftTable.source(try PageFiles.read(below: arguments[0]))
        try Data(source.utf8).write(to: URL(fileURLWithPath: arguments[1]), options: .atomic)
    }
}
