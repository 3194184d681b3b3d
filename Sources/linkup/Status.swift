import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Monitoring
import NIOCore
import NIOHTTP1

/// Says what a running server is and does.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a running server is and does.",
        discussion: """
            Asks the linkup that has the data directory, and needs the right to read in it. Ends with 0 if all is well, \
            with 1 if something does not work or nobody answers.
            """
    )

    /// The longest answer: a thousand times what one has.
    private static let maximumLength = 1 << 20

    @OptionGroup var folder: DataFolder

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let status: ServerStatus
        do {
            status = try JSONDecoder().decode(ServerStatus.self, from: try await Self.ask(folder.path))
        } catch {
            throw OptionError("No linkup answers that has the data directory \(folder.path).", isInFile: true)
        }
        let now = Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
        Console.say(json ? try status.json() : status.text(at: now))
        guard status.problems.isEmpty else { throw ExitCode.failure }
    }

    private static func ask(_ folder: String) async throws -> Data {
        guard let url = URL(httpURLWithSocketPath: SocketFile.control(in: folder), uri: "/status") else {
            throw ExitCode.failure
        }
        var configuration = HTTPClient.Configuration()
        // A socket that nobody listens on was left over by a server that was killed.
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let request = HTTPClientRequest(url: url.absoluteString)
            let response = try await client.execute(request, timeout: .seconds(10))
            guard response.status == .ok else { throw ExitCode.failure }
            return Data(try await response.body.collect(upTo: maximumLength).readableBytesView)
        }
    }
}
