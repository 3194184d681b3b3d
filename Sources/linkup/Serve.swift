public import ArgumentParser
import LinkUpServer
public import Logging

/// Starts the application.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server: the page, Socket.IO and STUN.",
        discussion: "Stop it with Control-C."
    )

    @Option(help: "The address to listen on. (default: all, IPv4 and IPv6)")
    var hostname: String?

    @Option(help: "The TCP port of the page and of Socket.IO; 0 lets the system choose.")
    var port = 3000

    @Option(help: "The UDP and TCP port of STUN; 0 lets the system choose.")
    var stunPort = 3478

    @Option(help: "The host at which browsers reach STUN. (default: the host in the page's address)")
    var stunHost: String?

    @Option(help: "The folder for chat history and keys; created if it is missing.")
    var dataDirectory = "./linkup-data"

    @Option(help: "Serve the page from this folder instead of the copy in the program.")
    var webDirectory: String?

    @Option(help: "How much to log on standard error.")
    var logLevel = Logger.Level.info

    func validate() throws {
        for (name, port) in [("--port", port), ("--stun-port", stunPort)] where !(0...65_535).contains(port) {
            throw ValidationError("\(name) must be 0 to 65535, not \(port).")
        }
    }

    func run() async throws {
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let configuration = LinkUpConfiguration(
            hostname: hostname,
            port: port,
            stunPort: stunPort,
            stunHost: stunHost,
            dataDirectory: dataDirectory,
            webDirectory: webDirectory
        )
        do {
            let server = try LinkUpServer(configuration: configuration, logger: Logger(label: "linkup"))
            try await server.run { Console.say(Self.greeting($0)) }
        } catch let error as StartupError {
            Console.complain("\(error)")
            throw ExitCode.failure
        }
    }

    /// What is printed when both ports are open; programs that wait for it read the port from the first line.
    static func greeting(_ addresses: LinkUpServer.Addresses) -> String {
        let host = addresses.hostname.map { $0.contains(":") ? "[\($0)]" : $0 } ?? "localhost"
        var lines = ["LinkUp is running. Open http://\(host):\(addresses.port)"]
        guard addresses.hostname == nil else { return lines[0] }
        let others = NetworkInterfaces.localNetworkAddresses()
        if !others.isEmpty {
            lines.append(
                "From other machines: " + others.map { "http://\($0):\(addresses.port)" }.joined(separator: ", ")
            )
            lines.append("Browsers there give out camera and microphone over HTTPS only; chat works without.")
        }
        return lines.joined(separator: "\n")
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
