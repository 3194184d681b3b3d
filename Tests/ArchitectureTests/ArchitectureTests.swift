import FoundationEssentials
import Testing

/// What a module may import.
struct ModuleRule: Sendable, CustomTestStringConvertible {
    let module: String

    /// The modules of this package that it may import.
    let internals: Set<String>

    /// The only outside modules that it may import; `nil` allows all, for modules that do IO.
    let externals: Set<String>?

    /// Whether it may start tasks: only for running an application's asynchronous handlers.
    let mayStartTasks: Bool

    /// The modules of this package that every other may import.
    static let everywhere: Set<String> = ["Locking"]

    var testDescription: String { module }

    init(_ module: String, imports internals: Set<String>, only externals: Set<String>? = nil, tasks: Bool = false) {
        self.module = module
        self.internals = internals
        self.externals = externals
        self.mayStartTasks = tasks || externals == nil
    }

    /// The house as `docs/decisions/0001-cores-without-io.md` draws it; every folder of `Sources/` stands here.
    static let all: [Self] = [
        Self("Networking", imports: [], only: []),
        Self("Listening", imports: ["Networking"]),
        Self("Prometheus", imports: []),
        Self("ACME", imports: ["Networking"], only: ["Crypto", "FoundationEssentials", "SwiftASN1", "X509"]),
        Self("ACMEClient", imports: ["ACME"]),
        Self("Certificates", imports: ["Networking"]),
        Self("Locking", imports: [], only: ["Glibc", "Synchronization"]),
        Self("STUN", imports: ["Networking"], only: ["NIOCore", "Crypto", "FoundationEssentials"]),
        Self(
            "TURN",
            imports: ["STUN"],
            only: ["NIOCore", "Crypto", "FoundationEssentials", "DequeModule", "HeapModule", "Synchronization"]
        ),
        Self("TURNCheck", imports: ["Listening", "STUN", "TURN"]),
        Self("TURNServer", imports: ["Listening", "STUN", "TURN", "CLinuxUDP"]),
        Self(
            "EngineIO",
            imports: ["Locking", "Networking"],
            only: ["NIOCore", "Metrics", "FoundationEssentials", "DequeModule"]
        ),
        Self("Monitoring", imports: ["Networking", "Prometheus", "STUN", "TURN", "TURNServer"]),
        Self("EngineIOTransport", imports: ["EngineIO", "Listening"]),
        Self(
            "SocketIO",
            imports: ["EngineIO"],
            only: ["NIOCore", "Logging", "Metrics", "FoundationEssentials", "Synchronization", "DequeModule"],
            tasks: true
        ),
        Self("SocketIOTestKit", imports: ["EngineIO", "SocketIO"]),
        Self(
            "LinkUpServer",
            imports: [
                "ACME", "ACMEClient", "Certificates", "EngineIO", "EngineIOTransport", "Listening", "Monitoring",
                "Networking", "Prometheus",
                "SocketIO",
                "STUN", "TURN",
                "TURNServer",
            ]
        ),
        Self(
            "linkup",
            imports: [
                "ACME", "EngineIO", "LinkUpServer", "Listening", "Monitoring", "Networking", "Prometheus", "STUN",
                "TURN",
                "TURNCheck",
                "TURNServer",
            ]
        ),
        Self("socketio-conformance", imports: ["EngineIO", "EngineIOTransport", "Listening", "SocketIO"]),
        Self("embed-web", imports: []),
    ]
}

/// Holds the sources to the layers and to the rule that protocol cores do no IO.
@Suite
struct ArchitectureTests {
    /// Names that mean IO, time or threads; a core gets the time as an argument and ByteBuffer as its only NIO type.
    private static let forbiddenInCores = [
        "Channel", "ChannelHandler", "ChannelHandlerContext", "ChannelPipeline", "NIOAsyncChannel",
        "EventLoop", "EventLoopGroup", "EventLoopFuture", "EventLoopPromise", "NIODeadline", "SocketAddress",
        "ContinuousClock.now", "ContinuousClock()", "SuspendingClock", "Date()", "Date.now",
        "Task.sleep", "Task.detached", "Thread", "FileHandle", "FileManager", "URLSession",
    ]

    @Test(arguments: SourceFile.all)
    func importsFollowTheLayers(file: SourceFile) throws {
        let rule = try #require(
            ModuleRule.all.first { $0.module == file.module },
            "\(file.module) has no rule: enter it in ModuleRule.all"
        )
        let ours = Set(ModuleRule.all.map(\.module))
        let wrong = file.imports.intersection(ours).subtracting(rule.internals.union(ModuleRule.everywhere))
            .subtracting([file.module])
        #expect(wrong.isEmpty, "\(file) must not import \(wrong.sorted())")
        if let externals = rule.externals {
            let foreign = file.imports.subtracting(ours).subtracting(externals)
            #expect(foreign.isEmpty, "\(file) belongs to a core without IO and must not import \(foreign.sorted())")
        }
    }

    /// The thread sanitizer knows no other lock than the one of `Locking`.
    @Test(arguments: SourceFile.all.filter { $0.module != "Locking" } + SourceFile.tests)
    func locksComeFromOneModule(file: SourceFile) {
        let foreign = file.importedDeclarations.filter { $0.split(separator: ".").first == "Synchronization" }
            .subtracting(["Synchronization.Atomic"])
        #expect(foreign.isEmpty, "\(file) must import Locking for Mutex, and Synchronization.Atomic, not \(foreign)")
        for name in ["pthread_mutex_t", "NIOLock", "NIOLockedValueBox", "NSLock"] {
            #expect(!file.mentions(name), "\(file) must use the Mutex of Locking, not \(name)")
        }
    }

    @Test(arguments: ModuleRule.all.filter { $0.externals != nil })
    func coresDoNoIO(rule: ModuleRule) {
        for file in SourceFile.all where file.module == rule.module {
            for name in Self.forbiddenInCores {
                #expect(!file.mentions(name), "\(file) belongs to a core without IO and must not use \(name)")
            }
            if !rule.mayStartTasks {
                #expect(!file.mentions("Task"), "\(file) belongs to a core without IO and must not start tasks")
            }
        }
    }

    @Test(arguments: SourceFile.all)
    func filesStayShort(file: SourceFile) {
        #expect(file.lineCount <= 420, "\(file) has \(file.lineCount) lines where about 400 are allowed: split it")
    }

    /// A folder that outgrows this has found a second subject, which gets a folder of its own.
    @Test(arguments: ["Sources", "Tests"])
    func foldersStaySmall(root: String) {
        // Lists by nature: one file for each attribute of the protocol.
        let lists: Set<String> = ["Sources/STUN/Attributes", "Sources/TURN/Attributes"]
        let folders = Dictionary(grouping: Document.paths(below: root, ["swift", "c", "h"])) { path in
            path.split(separator: "/").dropLast().joined(separator: "/")
        }
        #expect(folders.count > 20)
        for (folder, files) in folders where !lists.contains(folder) {
            #expect(files.count <= 14, "\(folder) has \(files.count) files where 14 are allowed: move a subject out")
        }
        // A list that is none any more is no exception.
        for folder in lists where folder.hasPrefix(root + "/") { #expect((folders[folder]?.count ?? 0) > 14) }
    }

    @Test
    func everyModuleIsRead() {
        // An empty list would let the tests above pass unrun.
        #expect(!SourceFile.all.isEmpty)
        #expect(!SourceFile.tests.isEmpty)
    }

    @Test
    func rulesPointDownwardsOnly() {
        var placed: Set<String> = ["CLinuxUDP"]
        var remaining = ModuleRule.all
        while !remaining.isEmpty {
            let ready = remaining.filter { $0.internals.isSubset(of: placed) }
            guard !ready.isEmpty else { break }
            placed.formUnion(ready.map(\.module))
            remaining.removeAll { placed.contains($0.module) }
        }
        #expect(remaining.isEmpty, "these import each other in a circle: \(remaining.map(\.module))")
    }

    /// Whoever has a TURN server alone, as a library or by `linkup turn`, needs no database, page or Socket.IO for it.
    @Test(arguments: ["TURNServer", "TURNCheck", "linkup"])
    func relayingNeedsNoApplication(module: String) {
        let application: Set<String> = [
            "EngineIO", "EngineIOTransport", "GRDB", "Hummingbird", "LinkUpServer", "SocketIO",
        ]
        var modules: Set<String> = [module]
        if module == "linkup" {
            // What serves the application says so by its name.
            let files = SourceFile.all.filter { $0.module == module && !$0.path.contains("Serve") }
            #expect(files.contains { $0.path.hasSuffix("/Turn.swift") })
            modules = files.reduce(into: []) { $0.formUnion($1.imports) }
        }
        var known: Set<String> = []
        while known != modules {
            known = modules
            for file in SourceFile.all where known.contains(file.module) { modules.formUnion(file.imports) }
        }
        #expect(
            modules.isDisjoint(with: application),
            "\(module) imports \(modules.intersection(application).sorted())"
        )
    }

    @Test
    func importsAreFoundInEveryForm() {
        let file = SourceFile(
            module: "M",
            path: "M.swift",
            text: """
                public import A
                @testable import B
                import struct C.Thing
                @_spi(Inner) package import D.Sub
                // import E
                let text = "import F" // import G
                let important = 1
                """
        )
        #expect(file.imports == ["A", "B", "C", "D"])
        #expect(file.importedDeclarations == ["A", "B", "C.Thing", "D.Sub"])
        #expect(file.lineCount == 7)
    }

    @Test(
        arguments: [
            ("let channel: any Channel", true), ("let channelCount = 0", false), ("// a Channel", false),
            ("\"Channel\"", false), ("ChannelBinding()", false), ("x.Channel", true), ("AChannel, Channel", true),
        ]
    )
    func wordsAreFoundWhole(code: String, isFound: Bool) {
        #expect(SourceFile(module: "M", path: "M.swift", text: code).mentions("Channel") == isFound)
    }
}
