import EngineIO
import Logging

/// Something that can send to many sockets: a server, a namespace, or a selection of rooms.
public protocol BroadcastEmitter: EventEmitter where Operator == BroadcastOperator {
    /// The selection that the methods of this protocol start from.
    var broadcastOperator: BroadcastOperator { get }
}

/// A selection of sockets in a namespace, and what can be done with them at once.
///
/// A value: each method that narrows or widens the selection returns a new one. A socket that is in several of the
/// rooms is reached once.
public struct BroadcastOperator: BroadcastEmitter {
    let namespace: Namespace
    var audience = Audience()
    var options = EmitOptions()

    init(namespace: Namespace) {
        self.namespace = namespace
    }

    /// The selection itself.
    public var broadcastOperator: BroadcastOperator { self }

    /// The way to the other nodes, if there are any and they are meant.
    var cluster: Cluster? { audience.isLocal ? nil : namespace.cluster }

    func send(_ event: String, _ writeArguments: (inout ArgumentWriter) throws -> Void) {
        if let cluster { return send(event, in: cluster, writeArguments) }
        let packet = namespace.encode(event, options, writeArguments: writeArguments)
        if let packet { send(packet) }
    }

    /// Encodes the arguments for this node and for others, and sends them.
    private func send(
        _ event: String,
        in cluster: Cluster,
        _ writeArguments: (inout ArgumentWriter) throws -> Void
    ) {
        do {
            emit(event, raw: try SocketArguments(writeArguments))
        } catch {
            namespace.logNotEncodable(event, error)
        }
    }

    /// Sends `packet` on every loop to the sockets selected there.
    func send(_ packet: OutgoingPacket) {
        if let offset = packet.offset, let recovery = namespace.recovery {
            return recovery.send(packet, offset: offset, to: audience)
        }
        let isVolatile = options.isVolatile
        if isVolatile, let recovery = namespace.recovery { return recovery.send(volatile: packet, to: audience) }
        forEachIndex { index, audience in
            index.forEach(in: audience) { $0.transmit(packet, isVolatile: isVolatile) }
        }
    }

    /// Runs `body` on every loop that has had sockets of the namespace: on this one at once.
    func forEachIndex(_ body: @escaping @Sendable (RoomIndex, Audience) -> Void) {
        let audience = audience
        for index in namespace.roomIndexes {
            if let recovery = namespace.recovery {
                recovery.run(on: index) { body(index, audience) }
            } else {
                index.loop.run { body(index, audience) }
            }
        }
    }
}

extension BroadcastEmitter {
    /// The selection itself.
    public var broadcast: BroadcastOperator { broadcastOperator }

    /// The same selection, with other options for what is sent next.
    public func with(_ change: (inout EmitOptions) -> Void) -> BroadcastOperator {
        var selection = broadcastOperator
        change(&selection.options)
        return selection
    }

    /// Sends an event to the selected sockets.
    ///
    /// It is encoded once, however many they are. An event with a reserved name, or with arguments that can't be
    /// encoded, is logged and not sent.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) {
        broadcastOperator.send(event) { writer in repeat try writer.writeElement(each arguments) }
    }

    /// Sends an event with arguments that are passed on as they came.
    public func emit(_ event: String, raw arguments: SocketArguments) {
        let selection = broadcastOperator
        let packet = selection.namespace.encode(event, selection.options, raw: arguments)
        guard let packet else { return }
        selection.send(packet)
        if let cluster = selection.cluster { cluster.publish(selection.message(event, arguments)) }
    }

    /// Sends an event with the name `message` to the selected sockets.
    public func send<each Argument: Encodable>(_ arguments: repeat each Argument) {
        broadcastOperator.send("message") { writer in repeat try writer.writeElement(each arguments) }
    }

    /// Puts the selected sockets into rooms.
    public func socketsJoin(_ rooms: String...) { socketsJoin(rooms) }

    /// Puts the selected sockets into rooms.
    public func socketsJoin(_ rooms: [String]) {
        let selection = broadcastOperator
        selection.forEachIndex { index, audience in
            index.forEach(in: audience) { socket in
                for room in rooms { index.join(room, socket) }
            }
        }
        selection.cluster?.publish(.socketsJoin(selection.audience.remoteSelection, rooms: rooms))
    }

    /// Takes the selected sockets out of rooms.
    public func socketsLeave(_ rooms: String...) { socketsLeave(rooms) }

    /// Takes the selected sockets out of rooms.
    public func socketsLeave(_ rooms: [String]) {
        let selection = broadcastOperator
        selection.forEachIndex { index, audience in
            index.forEach(in: audience) { socket in
                for room in rooms { index.leave(room, socket) }
            }
        }
        selection.cluster?.publish(.socketsLeave(selection.audience.remoteSelection, rooms: rooms))
    }

    /// Disconnects the selected sockets.
    /// - Parameter close: Whether to close their connections too, and with these their other namespaces.
    public func disconnectSockets(close: Bool = false) {
        let selection = broadcastOperator
        selection.forEachIndex { index, audience in
            index.forEach(in: audience) { $0.disconnect(close: close) }
        }
        selection.cluster?.publish(.disconnectSockets(selection.audience.remoteSelection, close: close))
    }
}

extension Namespace {
    /// Encodes an event with arguments that are passed on as they came; logs why and returns `nil` when that fails.
    func encode(
        _ event: String,
        _ options: EmitOptions = EmitOptions(),
        raw arguments: SocketArguments
    ) -> OutgoingPacket? {
        if let recovery {
            return encode(event, options, recovery) { $0.writeElements(of: arguments) }
        }
        return checked(event, options) { try .event(event, prefix: identity.wirePrefix, raw: arguments) }
    }

    /// Encodes an event; logs why and returns `nil` when that fails.
    func encode(
        _ event: String,
        id: UInt64? = nil,
        _ options: EmitOptions = EmitOptions(),
        writeArguments: (inout ArgumentWriter) throws -> Void
    ) -> OutgoingPacket? {
        if let recovery, id == nil { return encode(event, options, recovery, writeArguments) }
        return checked(event, options) {
            try .event(event, prefix: identity.wirePrefix, id: id, writeArguments: writeArguments)
        }
    }

    /// Encodes an event with its offset as one argument more; one that is not volatile is repeated to clients that missed
    /// it.
    private func encode(
        _ event: String,
        _ options: EmitOptions,
        _ recovery: Recovery,
        _ writeArguments: (inout ArgumentWriter) throws -> Void
    ) -> OutgoingPacket? {
        let offset = options.isVolatile ? nil : recovery.makeOffset()
        let text = offset.map { recovery.text(ofOffset: $0) } ?? recovery.textOfVolatileOffset()
        var packet = checked(event, options) {
            try .event(event, prefix: identity.wirePrefix) { writer in
                try writeArguments(&writer)
                try writer.writeElement(text)
            }
        }
        packet?.offset = offset
        return packet
    }

    private func checked(
        _ event: String,
        _ options: EmitOptions,
        _ encode: () throws -> OutgoingPacket
    ) -> OutgoingPacket? {
        guard !ReservedEvent.isReserved(event) else {
            logger?.error("an event with a reserved name was not sent", metadata: ["event": "\(event)"])
            return nil
        }
        do {
            var packet = try convert(encode())
            if !options.isCompressible { packet.forbidCompression() }
            return packet
        } catch {
            logNotEncodable(event, error)
            return nil
        }
    }

    func logNotEncodable(_ event: String, _ error: any Error) {
        let metadata: Logger.Metadata = ["namespace": "\(name)", "event": "\(event)", "error": "\(error)"]
        logger?.error("an event that can't be encoded was not sent", metadata: metadata)
    }
}
