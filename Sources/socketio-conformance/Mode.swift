import ArgumentParser

/// The suite whose server the executable stands in for; the raw value is the name on the command line.
enum Mode: String, CaseIterable, ExpressibleByArgument {
    /// The three protocol suites, the interop tests and the benchmarks.
    case protocols = "protocol"
    /// The tests of the official Socket.IO client.
    case socketIOClient = "socket.io-client"
    /// The tests of the official Engine.IO client.
    case engineIOClient = "engine.io-client"

    /// The port that the suite connects to.
    var port: Int {
        switch self {
        case .protocols, .engineIOClient: 3000
        case .socketIOClient: 3210
        }
    }

    /// Milliseconds between pings.
    var pingInterval: Int {
        switch self {
        case .protocols: 25_000
        case .socketIOClient: 2000
        case .engineIOClient: 500
        }
    }

    /// The most bytes of a message or a POST.
    var maxPayload: Int {
        switch self {
        case .protocols, .socketIOClient: 1_000_000
        case .engineIOClient: 100
        }
    }
}
