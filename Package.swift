// swift-tools-version:6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// docs/decisions/0015-one-lock-that-the-thread-sanitizer-knows.md
let isForThreadSanitizer = Context.environment["LINKUP_SANITIZE_THREAD"] != nil

let package = Package(
    name: "linkup",
    products: [
        .executable(name: "linkup", targets: ["linkup"]),
        .library(name: "AllocationCounter", type: .dynamic, targets: ["AllocationCounter"]),
        .library(name: "EngineIO", targets: ["EngineIO"]),
        .library(name: "EngineIOTransport", targets: ["EngineIOTransport"]),
        .library(name: "Networking", targets: ["Networking"]),
        .library(name: "STUN", targets: ["STUN"]),
        .library(name: "SocketIO", targets: ["SocketIO"]),
        .library(name: "SocketIOTestKit", targets: ["SocketIOTestKit"]),
        .library(name: "TURN", targets: ["TURN"]),
        .library(name: "TURNServer", targets: ["TURNServer"]),
        .library(name: "ValgrindPreload", type: .dynamic, targets: ["ValgrindPreload"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .target(name: "CLinuxUDP", cSettings: [.define("_GNU_SOURCE")]),
        // docs/decisions/0021-qr-codes.md
        .systemLibrary(name: "CQRCodegen", providers: [.apt(["libqrcodegen-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "ACME", dependencies: ["Networking", .asn1, .crypto, .x509], swiftSettings: settings),
        .target(
            name: "ACMEClient",
            dependencies: ["ACME", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix, .nioSSL],
            swiftSettings: settings
        ),
        .target(
            name: "Certificates",
            dependencies: ["Networking", .asn1, .crypto, .x509],
            swiftSettings: settings
        ),
        .target(
            name: "EngineIO",
            dependencies: ["Locking", "Networking", .metrics, .nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "EngineIOTransport",
            dependencies: [
                "CZlib", "EngineIO", "Listening", "Locking", .crypto, .hummingbirdCore, .logging, .metrics, .nioCore,
                .nioExtras, .nioHTTP1, .nioHTTPTypes, .nioHTTPTypesHTTP1, .nioPosix, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "LinkUpServer",
            dependencies: [
                "ACME", "ACMEClient", "CQRCodegen", "Certificates", "EngineIO", "EngineIOTransport", "Listening",
                "Locking", "Monitoring", "Networking", "Prometheus", "SocketIO", "STUN", "TURN", "TURNServer", .crypto,
                .grdb, .heap, .httpTypes, .hummingbird, .logging, .metrics, .nioCore, .nioPosix, .orderedCollections,
                .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: settings,
            plugins: ["EmbedWeb"]
        ),
        .target(
            name: "Listening",
            dependencies: ["Networking", .logging, .nioCore, .nioPosix, .serviceLifecycle, .unixSignals],
            swiftSettings: settings
        ),
        .target(
            name: "Locking",
            swiftSettings: settings + (isForThreadSanitizer ? [.define("THREAD_SANITIZER")] : [])
        ),
        .target(
            name: "Monitoring",
            dependencies: [
                "Locking", "Networking", "Prometheus", "STUN", "TURN", "TURNServer", .logging, .nioCore, .nioHTTP1,
                .nioPosix,
                .serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .target(name: "Networking", swiftSettings: settings),
        .target(name: "Prometheus", dependencies: ["Locking", .coreMetrics], swiftSettings: settings),
        .target(
            name: "STUN",
            dependencies: ["Networking", .crypto, .nioCore],
            // Messages are views that cannot outlive their bytes.
            swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]
        ),
        .target(
            name: "SocketIO",
            dependencies: ["EngineIO", "Locking", .logging, .metrics, .nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "SocketIOTestKit",
            dependencies: ["EngineIO", "Locking", "SocketIO", .nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "TURN",
            dependencies: ["Locking", "STUN", .crypto, .deque, .heap, .nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "TURNCheck",
            dependencies: ["Listening", "STUN", "TURN", .nioCore, .nioPosix, .nioSSL, .nioTLS],
            swiftSettings: settings
        ),
        .target(
            name: "TURNServer",
            dependencies: [
                "CLinuxUDP", "Listening", "Locking", "STUN", "TURN", .logging, .nioCore, .nioPosix, .nioSSL, .nioTLS,
                .serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "linkup",
            dependencies: [
                "ACME", "EngineIO", "LinkUpServer", "Listening", "Locking", "Monitoring", "Networking", "Prometheus",
                "STUN", "TURN", "TURNCheck", "TURNServer", .argumentParser, .asyncHTTPClient, .configuration, .logging,
                .nioCore, .nioHTTP1, .nioSSL, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "socketio-conformance",
            dependencies: [
                "EngineIO", "EngineIOTransport", "Listening", "Locking", "SocketIO", .argumentParser, .logging,
                .nioCore, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "embed-web", dependencies: ["CZlib"], swiftSettings: settings),
        .executableTarget(
            name: "AdapterExample",
            dependencies: ["EngineIO", "EngineIOTransport", "SocketIO"],
            path: "Examples/AdapterExample",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "AuthenticationExample",
            dependencies: ["EngineIOTransport", "SocketIO", .jwt],
            path: "Examples/AuthenticationExample",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ChatExample",
            dependencies: ["EngineIOTransport", "SocketIO"],
            path: "Examples/ChatExample",
            swiftSettings: settings
        ),
        .target(
            name: "AllocationCounter",
            path: "Benchmarks/AllocationCounter",
            cSettings: [.define("_GNU_SOURCE")]
        ),
        .executableTarget(
            name: "socketio-core-bench",
            dependencies: ["AllocationCounter", "EngineIO", "SocketIO", .nioCore],
            path: "Benchmarks/SocketIOCore",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "turn-core-bench",
            dependencies: ["AllocationCounter", "STUN", "TURN", .nioCore],
            path: "Benchmarks/TURNCore",
            swiftSettings: settings
        ),
        .target(
            name: "DocumentationSnippets",
            dependencies: [
                "EngineIO", "EngineIOTransport", "SocketIO", "SocketIOTestKit", .hummingbird, .logging,
                .serviceLifecycle, .unixSignals,
            ],
            path: "Examples/Snippets",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "HummingbirdExample",
            dependencies: ["EngineIOTransport", "SocketIO", .hummingbird],
            path: "Examples/HummingbirdExample",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "TURNExample",
            dependencies: ["STUN", "TURN", "TURNServer", .logging],
            path: "Examples/TURNExample",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "TypedEventsExample",
            dependencies: ["EngineIOTransport", "SocketIO"],
            path: "Examples/TypedEventsExample",
            swiftSettings: settings
        ),
        .target(name: "BenchmarkSupport", path: "Benchmarks/Support", cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "ValgrindPreload",
            path: "Benchmarks/ValgrindPreload",
            cSettings: [.define("_GNU_SOURCE")]
        ),
        .executableTarget(
            name: "linkup-bench",
            dependencies: ["BenchmarkSupport"],
            path: "Benchmarks/LoadGenerator",
            cSettings: [.define("_GNU_SOURCE")]
        ),
        .executableTarget(
            name: "linkup-floor",
            dependencies: ["BenchmarkSupport"],
            path: "Benchmarks/Floor",
            cSettings: [.define("_GNU_SOURCE")]
        ),
        .executableTarget(
            name: "turn-bench",
            dependencies: ["BenchmarkSupport"],
            path: "Benchmarks/TURNLoad",
            cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("m")]
        ),
        .executableTarget(
            name: "turn-floor",
            dependencies: ["BenchmarkSupport"],
            path: "Benchmarks/TURNFloor",
            cSettings: [.define("_GNU_SOURCE")]
        ),
        .plugin(name: "EmbedWeb", capability: .buildTool(), dependencies: ["embed-web"]),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "ACMETests",
            dependencies: ["ACME", "Networking", .asn1, .crypto, .x509],
            swiftSettings: settings
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .testTarget(
            name: "CertificatesTests",
            dependencies: ["Certificates", "Networking", "TestSupport", .asn1, .x509],
            swiftSettings: settings
        ),
        .testTarget(name: "EngineIOTests", dependencies: ["EngineIO", "Locking", .nioCore], swiftSettings: settings),
        .testTarget(
            name: "EngineIOTransportTests",
            dependencies: [
                "CZlib", "EngineIO", "EngineIOTransport", "Listening", "Locking", .logging, .metrics, .metricsTestKit,
                .nioCore, .nioEmbedded, .nioHTTP1, .nioPosix, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "linkupTests",
            dependencies: [
                "ACME", "EngineIO", "linkup", "LinkUpServer", "Listening", "STUN", "TURN", "TURNServer",
                .argumentParser, .configuration, .logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "EmbedWebTests", dependencies: ["CZlib", "embed-web"], swiftSettings: settings),
        .testTarget(
            name: "LinkUpServerTests",
            dependencies: [
                "ACME", "EngineIO", "LinkUpServer", "Locking", "SocketIO", "SocketIOTestKit", "STUN", "TestSupport",
                "TURN", .grdb, .httpTypes, .hummingbird, .logging, .metrics, .metricsTestKit, .nioCore, .nioPosix,
            ],
            swiftSettings: settings
        ),
        // The fuzzers are a package of their own, for the sanitizers' flags; here they are compiled, and their corpora run.
        .testTarget(
            name: "FuzzTests",
            dependencies: ["EngineIO", "STUN", "SocketIO", "TURN", .nioCore],
            path: "Fuzzing/Sources/Fuzz",
            exclude: ["Fuzz.swift"],
            swiftSettings: settings
        ),
        .testTarget(name: "ListeningTests", dependencies: ["Listening"], swiftSettings: settings),
        .testTarget(
            name: "MonitoringTests",
            dependencies: ["Locking", "Monitoring", .nioCore, .nioHTTP1, .nioPosix],
            swiftSettings: settings
        ),
        .testTarget(name: "NetworkingTests", dependencies: ["Networking"], swiftSettings: settings),
        .testTarget(
            name: "PrometheusTests",
            dependencies: ["Prometheus", .coreMetrics],
            swiftSettings: settings
        ),
        .testTarget(
            name: "STUNTests",
            dependencies: ["STUN", .crypto, .nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SocketIOTests",
            dependencies: [
                "EngineIO", "Locking", "SocketIO", "SocketIOTestKit", .logging, .metrics, .metricsTestKit, .nioCore,
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TURNTests", dependencies: ["STUN", "TURN", .crypto, .nioCore], swiftSettings: settings),
        .testTarget(
            name: "SocketIOTestKitTests",
            dependencies: ["AdapterExample", "EngineIO", "Locking", "SocketIO", "SocketIOTestKit", .nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TURNCheckTests",
            dependencies: ["STUN", "TURN", "TURNCheck", .nioCore, .nioEmbedded],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TURNServerTests",
            dependencies: [
                "Listening", "Locking", "STUN", "TURN", "TURNServer", .logging, .nioCore, .nioPosix, .nioSSL,
                .serviceLifecycle, .serviceLifecycleTestKit,
            ],
            swiftSettings: settings
        ),
    ]
)

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let orderedCollections = product(name: "OrderedCollections", package: "swift-collections")
    static let heap = product(name: "HeapModule", package: "swift-collections")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let jwt = product(name: "JWTKit", package: "jwt-kit")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioExtras = product(name: "NIOExtras", package: "swift-nio-extras")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let serviceLifecycleTestKit = product(
        name: "ServiceLifecycleTestKit",
        package: "swift-service-lifecycle"
    )
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
}
