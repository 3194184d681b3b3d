import AllocationCounter
import EngineIO
import Foundation
import NIOCore
import SocketIO

/// Drives the Socket.IO core without sockets: the work between a received message and the messages sent for it.
///
/// `socketio-core-bench SCENARIO MESSAGES` prints the nanoseconds, heap allocations and bytes of a message. `Benchmarks/core`
/// runs all scenarios and counts instructions too.
@main
struct SocketIOCoreBenchmark {
    /// What a message makes the server do.
    enum Scenario: String, CaseIterable {
        /// Acknowledge with the arguments as they came.
        case echoRaw = "echo-raw"
        /// Acknowledge with what a typed handler returns.
        case echoTyped = "echo-typed"
        /// Decode an object and answer with one.
        case echoCodable = "echo-codable"
        /// Send the client another event with the arguments as they came.
        case forward
        /// Send an event to a room of 1000; the figures are for one delivery.
        case broadcast
    }

    struct Point: Codable, Sendable {
        var x: Double
        var y: Double
        var label: String
    }

    static let roomSize = 1000

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let scenario = Scenario(rawValue: arguments[1]), let count = Int(arguments[2]),
            count > 0
        else {
            let names = Scenario.allCases.map(\.rawValue).joined(separator: "|")
            print("Usage: socketio-core-bench \(names) MESSAGES")
            exit(64)
        }
        let loop = FakeLoop()
        let server = SocketIOServer()
        addHandlers(to: server)
        let members = scenario == .broadcast ? roomSize : 1
        let clients = (0..<members).map { _ in FakeConnection(loop) }
        let handlers = clients.map { server.receiveConnection($0) }
        for handler in handlers { handler.receive(.text(ByteBuffer(string: "0"))) }
        loop.drain()
        if scenario == .broadcast {
            for handler in handlers { handler.receive(.text(ByteBuffer(string: "2[\"join\",\"everybody\"]"))) }
        }
        let message = EngineMessage.text(ByteBuffer(string: text(for: scenario)))
        let handler = handlers[0]
        // What is allocated once only must not count.
        for _ in 0..<100 { handler.receive(message) }
        let before = allocation_counter_read()
        let sentBefore = clients.reduce(0) { $0 + $1.sentMessages }
        let start = ContinuousClock.now
        for _ in 0..<count { handler.receive(message) }
        let duration = ContinuousClock.now - start
        let after = allocation_counter_read()
        let sent = clients.reduce(0) { $0 + $1.sentMessages } - sentBefore
        precondition(sent == count * members, "sent \(sent) messages instead of \(count * members)")
        let nanoseconds = Double(duration.components.seconds) * 1e9 + Double(duration.components.attoseconds) / 1e9
        let figures = [
            nanoseconds, Double(after.allocations - before.allocations), Double(after.bytes - before.bytes),
        ]
        print(scenario.rawValue, figures.map { format($0 / Double(sent)) }.joined(separator: " "))
    }

    private static func addHandlers(to server: SocketIOServer) {
        server.onConnection { (socket: Socket) in
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("echo-raw", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
            socket.on("echo-typed") { (text: String) -> String in text }
            socket.on("echo-codable") { (point: Point) -> Point in point }
            socket.on("forward", raw: { arguments, _ in socket.emit("forwarded", raw: arguments) })
            socket.on("broadcast", raw: { arguments, _ in server.to("everybody").emit("said", raw: arguments) })
        }
    }

    private static func text(for scenario: Scenario) -> String {
        switch scenario {
        case .echoRaw, .echoTyped: "21[\"\(scenario.rawValue)\",\"thirty-two bytes of text, or so\"]"
        case .echoCodable: "21[\"echo-codable\",{\"x\":1.5,\"y\":-2,\"label\":\"here\"}]"
        case .forward, .broadcast: "2[\"\(scenario.rawValue)\",\"thirty-two bytes of text, or so\"]"
        }
    }

    private static func format(_ number: Double) -> String {
        String(format: "%.2f", number)
    }
}
