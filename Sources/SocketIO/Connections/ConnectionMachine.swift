import EngineIO
import NIOCore

/// The rules of Socket.IO for one connection: which packet means what, and which ends the connection.
///
/// `Member` is whatever the driver keeps for a namespace that the client joined.
struct ConnectionMachine<Member: AnyObject>: ~Copyable {
    /// What the driver must do about a message.
    enum OnMessage {
        /// Nothing.
        case ignore
        /// Look the namespace up, and answer with `accept` or `refuse`.
        case connect(namespace: ByteBuffer?, auth: ByteBuffer, query: ByteBuffer?)
        /// Refuse CONNECT: the client is in too many namespaces.
        case refuse(namespace: ByteBuffer)
        /// Deliver an event.
        case event(Member, SocketArguments, id: UInt64?)
        /// Deliver an acknowledgement.
        case acknowledgement(Member, id: UInt64, SocketArguments)
        /// The client left the namespace; say nothing back.
        case leave(Member)
        /// Close the connection.
        case close(Violation)
    }

    /// Why a connection must be closed.
    enum Violation: Error, Equatable {
        /// A packet can't be decoded; sockets are told ``DisconnectReason/forcedClose``.
        case packet(PacketError)
        /// The parser of the application refused a message; `detail` says why.
        case parser(detail: String)
        /// CONNECT for a namespace that was joined already.
        case joinedTwice
        /// A packet for a namespace that was never joined, or whose CONNECT has not been answered.
        case notJoined
        /// A packet type that only servers send.
        case wrongDirection

        /// Whether it is a limit of the server that the packet is past.
        var isOfLimit: Bool {
            switch self {
            case .packet(.nestedTooDeeply), .packet(.tooManyAttachments), .packet(.tooManyArguments): true
            case .packet, .parser, .joinedTwice, .notJoined, .wrongDirection: false
            }
        }

        /// What the sockets of the connection are told.
        var reason: DisconnectReason {
            switch self {
            case .packet, .parser: .forcedClose
            case .joinedTwice, .notJoined, .wrongDirection: .forcedServerClose
            }
        }
    }

    private enum Membership {
        case never
        /// It is being found out whether the namespace exists; the number tells attempts apart.
        case resolving(UInt64)
        case connecting(Member)
        case connected(Member)
        /// Left by either side: what was under way for it is ignored.
        case left
    }

    private final class DecoderBox {
        var decoder: any PacketDecoder

        init(_ decoder: any PacketDecoder) {
            self.decoder = decoder
        }
    }

    private let limits: ParserLimits
    private let maximumNamespaces: Int
    private let isProtocol3: Bool
    private var isClosed = false
    private var reconstructor = PacketReconstructor()
    /// Decodes what is not JSON; boxed because most connections have none.
    private let decoder: DecoderBox?
    private var main = Membership.never
    /// No more than ``maximumNamespaces`` and one: of those that were left, some are forgotten when others come.
    private var others: [(name: ByteBuffer, membership: Membership)] = []
    private var lastResolution: UInt64 = 0

    init(
        format: PacketFormat = .json,
        limits: ParserLimits,
        maximumNamespaces: Int,
        isProtocol3: Bool
    ) {
        decoder = format.makeDecoder(limits).map(DecoderBox.init)
        self.limits = limits
        self.maximumNamespaces = maximumNamespaces
        self.isProtocol3 = isProtocol3
    }

    /// Takes a text message.
    mutating func receiveText(_ text: ByteBuffer) -> OnMessage {
        guard !isClosed else { return .ignore }
        if decoder != nil { return decode(.text(text)) }
        do throws(PacketError) {
            let packet = try Packet(text, limits: limits, allowsQuery: isProtocol3)
            guard packet.type.isBinary || reconstructor.isWaiting else { return act(on: packet) }
            guard let complete = try reconstructor.receive(packet) else { return .ignore }
            return act(on: complete)
        } catch {
            return .close(.packet(error))
        }
    }

    /// Takes a binary message.
    mutating func receiveBinary(_ bytes: ByteBuffer) -> OnMessage {
        guard !isClosed else { return .ignore }
        if decoder != nil { return decode(.binary(bytes)) }
        do throws(PacketError) {
            guard let complete = try reconstructor.receive(bytes) else { return .ignore }
            return act(on: complete)
        } catch {
            return .close(.packet(error))
        }
    }

    private mutating func decode(_ message: EngineMessage) -> OnMessage {
        do {
            guard let packet = try decoder?.decoder.receive(message) else { return .ignore }
            return act(
                on: try Packet.checked(packet, limits: limits, allowsQuery: isProtocol3)
            )
        } catch let error as PacketError {
            return .close(.packet(error))
        } catch {
            return .close(.parser(detail: "\(error)"))
        }
    }

    private mutating func act(on packet: Packet) -> OnMessage {
        switch (packet.type, membership(of: packet.namespace)) {
        case (.connectError, _):
            return .close(.wrongDirection)
        case (.connect, .never), (.connect, .left):
            if let namespace = packet.namespace, activeNamespaces >= maximumNamespaces {
                return .refuse(namespace: namespace)
            }
            return .connect(namespace: packet.namespace, auth: packet.payload, query: packet.query)
        case (.connect, _):
            return .close(.joinedTwice)
        case (.disconnect, .connected(let member)), (.disconnect, .connecting(let member)):
            return .leave(member)
        case (.disconnect, .resolving):
            setMembership(of: packet.namespace, .left)
            return .ignore
        case (_, .left):
            return .ignore
        case (_, .never), (_, .connecting), (_, .resolving):
            return .close(.notJoined)
        case (.event, .connected(let member)), (.binaryEvent, .connected(let member)):
            return .event(member, packet.arguments, id: packet.id)
        case (.acknowledgement, .connected(let member)), (.binaryAcknowledgement, .connected(let member)):
            // Without id it belongs to nothing, as does one whose id is unknown.
            guard let id = packet.id else { return .ignore }
            return .acknowledgement(member, id: id, packet.arguments)
        }
    }

    /// It takes time to find out whether there is a namespace of this name, or who the client was in it.
    /// - Returns: What ``resolved(_:_:)`` takes.
    mutating func resolving(_ namespace: ByteBuffer?) -> UInt64 {
        lastResolution += 1
        setMembership(of: namespace, .resolving(lastResolution))
        return lastResolution
    }

    /// It was found out; `false` when the client left in the meantime and nothing is to be done.
    mutating func resolved(_ namespace: ByteBuffer?, _ resolution: UInt64) -> Bool {
        guard case .resolving(resolution) = membership(of: namespace) else { return false }
        setMembership(of: namespace, .never)
        return true
    }

    /// A namespace of this name was found, and `member` stands for the client in it until it is accepted or refused.
    mutating func connecting(_ namespace: ByteBuffer?, _ member: Member) {
        setMembership(of: namespace, .connecting(member))
    }

    /// `member` passed the middlewares; `false` when it left in the meantime and nothing is to be done.
    mutating func accept(_ namespace: ByteBuffer?, _ member: Member) -> Bool {
        guard case .connecting(let current) = membership(of: namespace), current === member else { return false }
        setMembership(of: namespace, .connected(member))
        return true
    }

    /// A middleware refused `member`; `false` when it left in the meantime and nothing is to be done.
    mutating func refuse(_ namespace: ByteBuffer?, _ member: Member) -> Bool {
        guard case .connecting(let current) = membership(of: namespace), current === member else { return false }
        setMembership(of: namespace, .never)
        return true
    }

    /// The client, or the server for it, left the namespace.
    mutating func leave(_ namespace: ByteBuffer?) {
        setMembership(of: namespace, .left)
    }

    /// The time to join a namespace is over; `true` when none was joined and the connection must be closed.
    func connectTimeout() -> Bool {
        guard !isClosed else { return false }
        if case .connected = main { return false }
        return !others.contains { if case .connected = $0.membership { true } else { false } }
    }

    /// Ends everything: nothing is received any more.
    /// - Returns: Who was in a namespace or about to join one.
    mutating func close() -> [Member] {
        isClosed = true
        let members = self.members
        main = .never
        others = []
        reconstructor = PacketReconstructor()
        return members
    }

    /// Who is in a namespace or about to join one.
    var members: [Member] {
        ([main] + others.map(\.membership)).compactMap { membership in
            switch membership {
            case .connecting(let member), .connected(let member): member
            case .never, .resolving, .left: nil
            }
        }
    }

    /// How many namespaces other than the main one the client is in or wants to join.
    private var activeNamespaces: Int {
        others.count {
            switch $0.membership {
            case .resolving, .connecting, .connected: true
            case .never, .left: false
            }
        }
    }

    private func membership(of namespace: ByteBuffer?) -> Membership {
        guard let namespace else { return main }
        return others.first { $0.name == namespace }?.membership ?? .never
    }

    private mutating func setMembership(of namespace: ByteBuffer?, _ membership: Membership) {
        guard let namespace else {
            main = membership
            return
        }
        if let index = others.firstIndex(where: { $0.name == namespace }) {
            others[index].membership = membership
            return
        }
        if others.count > maximumNamespaces { forgetOne() }
        others.append((namespace.kept, membership))
    }

    /// Makes room for a name; packets that still come for the forgotten one are then a violation.
    private mutating func forgetOne() {
        let index = others.firstIndex {
            switch $0.membership {
            case .never, .left: true
            case .resolving, .connecting, .connected: false
            }
        }
        if let index { others.remove(at: index) }
    }
}
