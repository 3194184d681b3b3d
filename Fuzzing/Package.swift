// swift-tools-version:6.2
import PackageDescription

// A package of its own, so that the main one is built without the sanitizers and their flags. `Scripts/fuzz` gives the
// flags; the decoders are internal and are reached by `@testable`.
let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(name: "linkup", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                .product(name: "EngineIO", package: "linkup"),
                .product(name: "STUN", package: "linkup"),
                .product(name: "SocketIO", package: "linkup"),
                .product(name: "TURN", package: "linkup"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            // For the main package, which runs the corpora with its unit tests.
            exclude: ["CorpusTests.swift"],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .treatAllWarnings(as: .error),
            ]
        )
    ]
)
