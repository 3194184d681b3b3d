import EngineIO
import Locking
import SocketIO
import SocketIOTestKit

/// A client in one namespace, whose packets a test writes and reads as text.
///
/// Unchecked: used by the test.
final class FakeClient: @unchecked Sendable {
    let connection: TestConnection
    /// How many connections there have been.
    private static let count = Mutex(0)

    private let namespace: String
    private var lastRequest = 0
    /// The id of its socket; `nil` when it was not let in.
    private(set) var socketID: String?

    init(
        _ namespace: String,
        of server: SocketIOServer,
        on loop: ManualLoop,
        host: String? = "localhost:3000",
        address: String = "192.0.2.1"
    ) {
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        self.namespace = namespace
        connection = TestConnection(
            on: loop,
            id: "engine \(number)",
            address: address,
            headers: host.map { [.init(name: "Host", value: $0)] } ?? []
        )
        connection.open(on: server)
        receive("0\(namespace),")
        // {"sid":"…"}
        socketID = take().first?.split(separator: "\"").dropFirst(3).first.map(String.init)
    }

    /// The connection is lost.
    func disconnect(_ reason: EngineCloseReason = .transportClose) {
        connection.manualLoop.turn { connection.end(reason) }
    }

    /// Leaves the namespace and joins it again.
    /// - Returns: Whether it was let in.
    func enterAgain() -> Bool {
        receive("1\(namespace),")
        _ = take()
        receive("0\(namespace),")
        return connection.takeSent().contains { message in
            if case .text(let text) = message { text.hasPrefix("40") } else { false }
        }
    }

    /// Leaves the namespace and tries to join it again.
    /// - Returns: Why it was not let in.
    func refusedEntry() -> String {
        receive("1\(namespace),")
        _ = take()
        receive("0\(namespace),")
        return take().joined()
    }

    /// Receives packets, all before anything that they cause runs later.
    func receive(_ texts: String...) {
        connection.manualLoop.turn {
            for text in texts { connection.receiveInTurn(.text("4" + text)) }
        }
    }

    /// The packets that came since the last call, without type and namespace.
    func take() -> [String] {
        connection.takeSent().compactMap { message in
            guard case .text(let text) = message else { return nil }
            return String(text.dropFirst(namespace.utf8.count + 3))
        }
    }

    /// Sends a request and returns what came, its acknowledgement (`ID[…]`) without the id.
    func request(_ event: String, _ argument: String) -> [String] {
        lastRequest += 1
        receive("2\(namespace),\(lastRequest)[\"\(event)\",\(argument)]")
        return take().map(withoutID)
    }

    /// Sends a request whose answer takes time, and waits for the acknowledgement.
    func requestLater(_ event: String, _ argument: String) async -> [String] {
        var answers = request(event, argument)
        await wait(until: { answers.contains { $0.hasPrefix("[{") } }, taking: { answers += take().map(withoutID) })
        return answers
    }

    /// Sends requests in one turn, before any of them can be done, and waits until each is acknowledged.
    /// - Returns: The acknowledgements with their ids, in the order in which they came.
    func requestTogether(_ requests: (event: String, argument: String)...) async -> [String] {
        let first = lastRequest + 1
        lastRequest += requests.count
        connection.manualLoop.turn {
            for (id, (event, argument)) in zip(first..., requests) {
                connection.receiveInTurn(.text("42\(namespace),\(id)[\"\(event)\",\(argument)]"))
            }
        }
        var answers: [String] = []
        let isAnswer = { (packet: String) in packet.first?.isNumber == true }
        await wait(until: { answers.count == requests.count }, taking: { answers += take().filter(isAnswer) })
        return answers
    }

    /// Turns the loop until something is so, or a minute is over: what is missing is then seen in what was taken.
    private func wait(until isSo: () -> Bool, taking take: () -> Void) async {
        let end = ContinuousClock.now + .seconds(60)
        while !isSo(), ContinuousClock.now < end {
            await Task.yield()
            connection.manualLoop.turn()
            take()
        }
    }

    private func withoutID(_ packet: String) -> String {
        packet.hasPrefix("\(lastRequest)[") ? String(packet.dropFirst("\(lastRequest)".utf8.count)) : packet
    }
}
