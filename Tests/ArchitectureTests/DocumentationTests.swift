import FoundationEssentials
import Testing

/// A text with Swift snippets: an article, the README, or a source file with examples in its comments.
struct Document: Sendable, CustomTestStringConvertible {
    /// The path below the root of the package.
    let path: String

    /// The snippets, line by line, without indentation and empty lines.
    let snippets: [[Substring]]

    var testDescription: String { path }

    init(path: String, text: String) {
        self.path = path
        var snippets: [[Substring]] = []
        var isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = Self.trimmed(line)
            if path.hasSuffix(".swift") {
                guard line.hasPrefix("///") else { continue }
                line = Self.trimmed(line.dropFirst(3))
            }
            if line.hasPrefix("```") {
                if !isOpen, line == "```swift" { snippets.append([]) }
                isOpen = !isOpen && line == "```swift"
            } else if isOpen, !line.isEmpty {
                snippets[snippets.count - 1].append(line)
            }
        }
        self.snippets = snippets
    }

    /// Every document with snippets, in order of the paths.
    static let all: [Self] = (["README.md"] + paths(below: "Sources", ["md", "swift"]))
        .map { Self(path: $0, text: text($0)) }
        .filter { !$0.snippets.isEmpty }

    /// The code of each file below `Examples/`, line by line, without indentation and empty lines.
    static let compiled: [[Substring]] = paths(below: "Examples", ["swift"]).map { path in
        text(path).split(separator: "\n").map(trimmed).filter { !$0.isEmpty }
    }

    static func paths(below folder: String, _ extensions: Set<Substring>) -> [String] {
        let url = SourceFile.root.appending(path: folder)
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: url.path())) ?? []
        return paths.filter { extensions.contains($0.split(separator: ".").last ?? "") }.sorted()
            .map { folder + "/" + $0 }
    }

    static func text(_ path: String) -> String {
        let data = try? Data(contentsOf: SourceFile.root.appending(path: path))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop { $0 == " " }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Whether the lines stand somewhere below `Examples/`, one directly after the other.
    static func isCompiled(_ snippet: [Substring]) -> Bool {
        compiled.contains { file in
            file.indices.contains { file[$0...].starts(with: snippet) }
        }
    }
}

/// Holds the documentation to the code.
@Suite
struct DocumentationTests {
    @Test(arguments: Document.all)
    func snippetsAreCompiled(document: Document) {
        for snippet in document.snippets {
            let text = snippet.joined(separator: "\n")
            #expect(Document.isCompiled(snippet), "no file below Examples/ has this snippet of \(document):\n\(text)")
        }
    }

    @Test(arguments: ["EngineIO", "EngineIOTransport", "Networking", "SocketIO"])
    func everyPublicTypeIsOnTheLandingPage(module: String) {
        let page = Document.text("Sources/\(module)/\(module).docc/\(module).md")
        let types = SourceFile.all.filter { $0.module == module }.flatMap(\.publicTypes)
        #expect(!types.isEmpty)
        for type in types {
            let isListed = page.contains("- ``\(type)``\n")
            #expect(isListed, "\(module).docc/\(module).md does not list \(type)")
        }
    }

    @Test(arguments: [("EngineIO", "EngineConfiguration"), ("SocketIO", "SocketIOServer/Configuration")])
    func everyOptionIsInTheTableForNodeUsers(module: String, type: String) {
        let article = Document.text("Sources/SocketIO/SocketIO.docc/ComingFromNode.md")
        let name = type.split(separator: "/").last ?? ""
        let options = SourceFile.all.filter { $0.module == module }.flatMap { $0.publicProperties(ofType: name) }
        #expect(options.count > 8)
        for option in options {
            let isListed = article.contains("\(type)/\(option)``")
            #expect(isListed, "ComingFromNode.md does not have \(type)/\(option)")
        }
    }

    /// The lists of metrics have each that there is.
    @Test(arguments: [
        ("Sources/EngineIO/Counters/EngineCounters.swift", "Sources/EngineIOTransport/Server/EngineServer.swift"),
        ("Sources/SocketIO/Server/ServerStatistics.swift", "Sources/SocketIO/Server/MetricsOptions.swift"),
    ])
    func everyMetricIsInTheList(table: String, list: String) {
        let labels = Set(Document.text(table).matches(of: /"((engineio|socketio)_[a-z_]+)"/).map(\.1))
        #expect(labels.count > 5)
        for label in labels { #expect(Document.text(list).contains("`\(label)`"), "\(list) does not list \(label)") }
    }

    /// Each promise of the threat model stands in a row whose last cell names tests.
    @Test
    func everyPromiseHasItsTests() {
        let tests = ["Tests", "Interop"].flatMap { Document.paths(below: $0, ["swift", "py"]) }
            .map(Document.text).joined(separator: "\n")
        let rows = Document.text("docs/threat-model.md").split(separator: "\n")
            .drop { !$0.hasPrefix("## What is promised") }
            .filter { $0.hasPrefix("|") && !$0.hasPrefix("| ---") && !$0.hasPrefix("| promise") }
        #expect(rows.count > 8)
        for row in rows {
            let names =
                row.split(separator: "|").last?.split(separator: "`").filter { $0.first?.isLetter == true } ?? []
            #expect(!names.isEmpty, "no test is named: \(row)")
            for name in names {
                let isThere = tests.contains("def \(name)(") || tests.contains("func \(name)(")
                #expect(isThere, "there is no test \(name)")
            }
        }
    }

    /// The files that the walks of `docs/architecture.md` lead through are there.
    @Test
    func everyFileOfTheWalksIsThere() {
        let words = Document.text("docs/architecture.md").split { " `()→,;:\n".contains($0) }
        let paths = words.map { $0.hasSuffix(".") ? $0.dropLast() : $0 }
            .filter { $0.hasPrefix("Sources/") || $0.hasPrefix("Web/") }.filter {
                $0.hasSuffix(".swift") || $0.hasSuffix(".js") || $0.hasSuffix(".c")
            }
        #expect(paths.count > 20)
        for path in paths { #expect(!Document.text(String(path)).isEmpty, "there is no \(path)") }
    }

    @Test
    func everyDocumentIsRead() {
        // Empty lists would let the test above pass unrun.
        #expect(Document.all.contains { $0.path == "README.md" })
        #expect(Document.all.contains { $0.path.hasSuffix(".docc/GettingStarted.md") })
        #expect(!Document.compiled.isEmpty)
        #expect(!Document.isCompiled(["no such line"]))
    }

    @Test
    func declarationsAreFound() {
        let text = """
            public final class A {
                public struct Inner: Sendable {
                    public var one: Int
                    var hidden: Int
                    public var computed: Int { 1 }
                    public var two: (@Sendable () -> Void)?
                }
                public var three: Int
            }
            public protocol B: Sendable {}
            extension B { public enum C {} }
            """
        let file = SourceFile(module: "M", path: "M.swift", text: text)
        #expect(file.publicTypes == ["A", "B"])
        #expect(file.publicProperties(ofType: "Inner") == ["one", "two"])
        #expect(file.publicProperties(ofType: "Other") == [])
    }

    @Test
    func snippetsAreFound() {
        let article = "# A\n```js\nno()\n```\n```swift\nlet a = 1\n\n    b()\n```\nText\n```swift\nc()\n```\n"
        #expect(Document(path: "A.md", text: article).snippets == [["let a = 1", "b()"], ["c()"]])
        let comment = "    /// Text\n    ///\n    /// ```swift\n    /// a()\n    /// ```\n    func f() { g() }\n"
        #expect(Document(path: "A.swift", text: comment).snippets == [["a()"]])
    }
}
