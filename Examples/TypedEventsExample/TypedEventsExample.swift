// Events as Codable types: what does not fit the type never reaches a handler, what fits is validated, and both sides
// answer with types of their own; each event is written down once. Run it with `swift run TypedEventsExample`, or with a port as argument; a cook says
// `socket.emit("cook")`, a guest `await socket.emitWithAck("order", { dish: "soup", portions: 2 })`.
import EngineIOTransport
import SocketIO
import Synchronization

/// What a guest wants: the argument of `order`, and of `confirm`, which the server asks in return.
struct Order: Codable, Sendable {
    var dish: String
    var portions: Int
    var allergies: [String]?
}

/// What comes of an order, as JSON: `{"accepted":{"number":1}}` or `{"refused":{"reason":"…"}}`.
enum Outcome: Codable, Sendable {
    case accepted(number: Int)
    case refused(reason: String)
}

extension Events {
    static let cook = Event<Void>("cook")
    static let order = Event<Order, Outcome>("order")
    static let confirm = Event<Order, Bool>("confirm")
    static let ordered = Event<Int, Order, Void>("ordered")
}

@main
enum TypedEventsExample {
    static func main() async throws {
        let orders = Atomic<Int>(0)
        let io = SocketIOServer()
        io.onConnection { socket in
            socket.on(.cook) { socket.join("kitchen") }
            socket.on(.order) { order in
                guard (1...20).contains(order.portions) else { return .refused(reason: "1 to 20 portions") }
                do {
                    guard try await socket.timeout(.seconds(5)).emitWithAck(.confirm, order) else {
                        return .refused(reason: "not confirmed")
                    }
                } catch AcknowledgementError.timedOut {
                    return .refused(reason: "no answer")
                }
                let number = orders.add(1, ordering: .relaxed).newValue
                io.to("kitchen").emit(.ordered, number, order)
                return .accepted(number: number)
            }
        }
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3000
        try await io.serve(port: port)
    }
}
