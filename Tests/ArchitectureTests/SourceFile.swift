import FoundationEssentials

/// A Swift source file, read for what it imports and names.
struct SourceFile: Sendable, CustomStringConvertible {
    /// The module whose folder holds the file.
    let module: String

    /// The path below the root of the package.
    let path: String

    /// How many lines the file has.
    let lineCount: Int

    /// The names of the imported modules, without submodules and declarations.
    let imports: Set<String>

    /// What is imported, as it is written: a module, or a submodule or declaration of one.
    let importedDeclarations: Set<String>

    /// The text without comments and without the contents of string literals on one line.
    let code: String

    var description: String { path }

    /// The root of the package.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below `Sources/`, in order of the paths.
    static let all = files(below: "Sources")

    /// Every Swift file below `Tests/`, in order of the paths.
    static let tests = files(below: "Tests")

    private static func files(below name: String) -> [Self] {
        let folder = root.appending(path: name)
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path())) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let module = path.split(separator: "/").first,
                let data = try? Data(contentsOf: folder.appending(path: path))
            else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            return Self(module: String(module), path: name + "/" + path, text: text)
        }
    }

    init(module: String, path: String, text: String) {
        self.module = module
        self.path = path
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lineCount = text.hasSuffix("\n") ? lines.count - 1 : lines.count
        let bare = lines.map { Self.code(of: $0) }
        code = bare.joined(separator: "\n")
        importedDeclarations = Set(bare.compactMap { Self.importedDeclaration(in: $0) })
        imports = Set(importedDeclarations.compactMap { $0.split(separator: ".").first.map(String.init) })
    }

    /// The line without comment and without the contents of its string literals.
    private static func code(of line: Substring) -> String {
        var result = ""
        var isQuoted = false
        var isEscaped = false
        var previous: Character = " "
        for character in line {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted = false
                    result.append(character)
                }
                continue
            }
            if character == "/", previous == "/" {
                result.removeLast()
                break
            }
            isQuoted = character == "\""
            result.append(character)
            previous = character
        }
        return result
    }

    /// What the line imports, or `nil` if it is no import.
    private static func importedDeclaration(in line: String) -> String? {
        let prefixes: Set<Substring> = ["public", "package", "internal", "fileprivate", "private", "@preconcurrency"]
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.first, prefixes.contains(word) || word.hasPrefix("@") { words.removeFirst() }
        guard words.first == "import" else { return nil }
        words.removeFirst()
        if let word = words.first, kinds.contains(word) { words.removeFirst() }
        return words.first.map { String($0) }
    }

    /// Whether the code has `phrase` with no letter, digit or underscore directly before or after it.
    func mentions(_ phrase: String) -> Bool {
        func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }
        var rest = code[...]
        while let range = rest.firstRange(of: phrase) {
            let before = rest[..<range.lowerBound].last ?? code[..<range.lowerBound].last
            let after = rest[range.upperBound...].first
            if !(before.map(isWord) ?? false), !(after.map(isWord) ?? false) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

// MARK: - Public declarations

extension SourceFile {
    /// The names of the public types that are declared in the file, nested ones left out.
    var publicTypes: [String] {
        let kinds: Set<Substring> = ["class", "struct", "enum", "protocol", "actor", "typealias"]
        return code.split(separator: "\n").filter { $0.hasPrefix("public ") }.compactMap { line in
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.drop { !kinds.contains($0) }
            return words.dropFirst().first.map(String.init)
        }
    }

    /// The names of the stored public properties of a struct, which ends where a line is indented no deeper.
    func publicProperties(ofType name: Substring) -> [String] {
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.drop { $0 == " " }.hasPrefix("public struct \(name):") }) else {
            return []
        }
        let indentation = lines[start].prefix { $0 == " " }
        return lines[(start + 1)...].prefix { $0 != indentation + "}" }.compactMap { line in
            guard line.hasPrefix(indentation + "    public var "), !line.contains("{") else { return nil }
            return line.split(separator: ":").first?.split(separator: " ").last.map(String.init)
        }
    }
}
