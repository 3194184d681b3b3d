import CLinuxUDP
import NIOCore
import STUN
import TURN

extension RelayLoop {
    /// Handles what other threads have posted.
    mutating func receiveMessages() {
        for message in thread.takeMessages() {
            switch message {
            case .connected(let client): connected(client)
            case .received(let client, let bytes): received(bytes, from: client)
            case .disconnected(let client): disconnected(client)
            case .peerConnected(let connection): engine.peerConnected(connection, at: now)
            case .peerNotConnected(let connection): engine.peerNotConnected(connection)
            case .peerAccepted(let pending, let peer, let relay): accepted(pending, from: peer, on: relay)
            case .peerDisconnected(let connection): engine.peerDisconnected(connection)
            case .forwarded(let message): received(message)
            case .released(let flow):
                if let flow = find(flow) {
                    engine.stopForwarding(flow)
                }
            case .addressesChanged(let configuration): engine.update(from: configuration)
            case .revoked(let user): engine.endAllocations(of: user)
            case .stop: isStopped = true
            }
            drain()
        }
    }

    private mutating func connected(_ client: any StreamClient) {
        guard let listener = register(client.transport, at: client.localAddress) else {
            client.close()
            return
        }
        let flow = FiveTuple(client: client.remoteAddress, listener: listener)
        // The end of an earlier connection may be reported after the beginning of one with the same addresses.
        if let earlier = streams.client(of: flow) {
            disconnected(earlier)
        }
        streams.enter(client, as: flow)
    }

    private mutating func disconnected(_ client: any StreamClient) {
        guard let (flow, forwardedTo) = streams.remove(client) else { return }
        engine.clientDisconnected(flow)
        for thread in forwardedTo {
            threads[Int(thread)].post(.disconnected(client))
        }
        drain()
    }

    private mutating func received(_ bytes: ByteBuffer, from client: any StreamClient) {
        if let flow = streams.flow(of: client) {
            let framing = TURNStreamFraming()
            receive(bytes, from: flow) { rest in
                guard case .message(let length) = framing.receive(prefix: rest.span) else { return 0 }
                return length
            }
        }
        streams.noteConsumed(bytes.readableBytes, by: client)
    }

    /// Handles the messages in a buffer, which are sent on before it goes.
    /// - Parameters:
    ///   - buffer: The messages.
    ///   - flow: Whose they are.
    ///   - forwarder: The thread that received them, if it is another.
    ///   - length: How long the first message of what is left is; 0 if there is none.
    private mutating func receive(
        _ buffer: ByteBuffer,
        from flow: FiveTuple,
        forwardedBy forwarder: UInt8? = nil,
        length: (UnsafeBufferPointer<UInt8>) -> Int
    ) {
        buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes.bindMemory(to: UInt8.self)
            while let start = rest.baseAddress {
                let count = length(rest)
                guard count > 0, count <= rest.count else { break }
                receive(start, count: count, from: flow, forwardedBy: forwarder)
                rest = UnsafeBufferPointer(rebasing: rest[count...])
            }
            flush()
        }
    }

    /// Handles a message that another thread received.
    private mutating func received(_ message: RelayThread.ForwardedMessage) {
        if let client = message.stream, streams.flow(of: client) == nil {
            connected(client)
        }
        guard let flow = find(message.flow) else { return }
        receive(message.bytes, from: flow, forwardedBy: message.forwarder) { $0.count }
    }

    private mutating func accepted(_ pending: PendingPeerID, from peer: TransportAddress, on relay: RelayReference) {
        let index = Int(relay.relay.index)
        guard index < relays.count, relays[index].state == .connections, relays[index].generation == relay.generation
        else {
            connector?.admit(pending, as: nil)
            return
        }
        connector?.admit(pending, as: engine.peerAccepted(from: peer, on: relay.relay, at: now))
    }

    /// The flow as this thread's engine knows it; `nil` if the thread has no such listener.
    private mutating func find(_ flow: RelayThread.ForwardedFlow) -> FiveTuple? {
        let listener =
            switch flow.transport {
            case .udp: listeners.find(flow.local, scope: flow.scope, engine: &engine)
            case .tcp, .tls: register(flow.transport, at: flow.local)
            }
        return listener.map { FiveTuple(client: flow.client, listener: $0) }
    }

    private mutating func register(_ transport: ClientTransport, at address: TransportAddress) -> ListenerID? {
        listeners.findStream(transport, at: address, engine: &engine)
    }
}
