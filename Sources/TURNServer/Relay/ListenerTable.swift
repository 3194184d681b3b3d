import CLinuxUDP
import STUN
import TURN

/// The addresses that clients reach one relay thread at: those of its sockets, or, of a socket for all addresses, those
/// that datagrams were sent to.
struct ListenerTable {
    /// An address, and how to send from it.
    struct Listener {
        let transport: ClientTransport
        let address: TransportAddress
        /// The number of the socket in the thread's ``SendQueue``; -1 for streams.
        let socket: Int
        /// What the socket is told to send from; none if it is bound to the address.
        let source: udp_address
        /// The interface of a link-local address.
        let scope: UInt32
    }

    /// A UDP socket.
    struct Socket {
        let address: TransportAddress
        /// The number in the thread's ``SendQueue``.
        let number: Int
        /// The listener of what arrives; `nil` for a socket for all addresses, which tells with each datagram.
        var listener: ListenerID?
        /// Of a socket for all addresses: the latest of what datagrams were sent to, and its listener.
        var latest: (local: udp_address, listener: ListenerID)?
    }

    private struct Local: Hashable {
        let ip: IPAddress
        let scope: UInt32
        let socket: Int
    }

    private struct Stream: Hashable {
        let transport: ClientTransport
        let address: TransportAddress
    }

    /// How many addresses are told apart; datagrams to further ones are dropped.
    ///
    /// A machine has few, but on a loopback network every address of millions is one.
    static let limit = 4096

    private(set) var listeners: ContiguousArray<Listener> = []
    private(set) var sockets: ContiguousArray<Socket> = []
    private var locals: [Local: ListenerID] = [:]
    private var streams: [Stream: ListenerID] = [:]

    /// Enters a listener that the engine has just made known.
    mutating func enter(_ listener: Listener, as id: ListenerID) {
        // An engine numbers in order, and finds the same address again under the same number.
        if Int(id.index) < listeners.count {
            listeners[Int(id.index)] = listener
        } else {
            precondition(Int(id.index) == listeners.count, "listeners are numbered in order")
            listeners.append(listener)
        }
    }

    /// Enters a UDP socket.
    mutating func enter(_ socket: Socket) {
        sockets.append(socket)
    }

    @inline(__always)
    subscript(_ id: ListenerID) -> Listener {
        listeners[Int(id.index)]
    }

    /// The listener of a datagram that a socket received.
    /// - Parameters:
    ///   - index: Which of ``sockets``.
    ///   - local: Where the datagram was sent to, as the socket told.
    ///   - engine: Where a new address is made known.
    /// - Returns: The listener; `nil` if there are too many.
    @inline(__always)
    mutating func find(_ index: Int, local: udp_address, engine: inout RelayEngine) -> ListenerID? {
        if let id = sockets[index].listener { return id }
        if let latest = sockets[index].latest, latest.local.low == local.low, latest.local.high == local.high,
            latest.local.scope == local.scope
        {
            return latest.listener
        }
        return search(index, local: local, engine: &engine)
    }

    private mutating func search(_ index: Int, local: udp_address, engine: inout RelayEngine) -> ListenerID? {
        guard let ip = IPAddress(local) else { return nil }
        let socket = sockets[index]
        let key = Local(ip: ip, scope: local.scope, socket: socket.number)
        if let known = locals[key] {
            sockets[index].latest = (local, known)
            return known
        }
        guard listeners.count < Self.limit else { return nil }
        let address = TransportAddress(ip: ip, port: socket.address.port)
        let id = engine.register(.udp, at: address, scope: local.scope)
        enter(
            Listener(transport: .udp, address: address, socket: socket.number, source: local, scope: local.scope),
            as: id
        )
        locals[key] = id
        sockets[index].latest = (local, id)
        return id
    }

    /// The listener for datagrams to an address, as another thread has seen it.
    mutating func find(_ address: TransportAddress, scope: UInt32, engine: inout RelayEngine) -> ListenerID? {
        let index =
            sockets.firstIndex { $0.address == address }
            ?? sockets.firstIndex {
                $0.listener == nil && $0.address.family == address.family && $0.address.port == address.port
            }
        return index.flatMap { find($0, local: udp_address(address, scope: scope), engine: &engine) }
    }

    /// The listener for connections to an address; `nil` if there are too many.
    mutating func findStream(
        _ transport: ClientTransport,
        at address: TransportAddress,
        engine: inout RelayEngine
    ) -> ListenerID? {
        let key = Stream(transport: transport, address: address)
        if let known = streams[key] { return known }
        guard listeners.count < Self.limit else { return nil }
        let id = engine.register(transport, at: address)
        enter(Listener(transport: transport, address: address, socket: -1, source: .none, scope: 0), as: id)
        streams[key] = id
        return id
    }
}
