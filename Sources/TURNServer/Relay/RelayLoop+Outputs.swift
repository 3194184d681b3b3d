import CLinuxUDP
import Listening
import NIOCore
import STUN
import TURN

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension RelayLoop {
    /// Does what the engine says about a client's message, and all that it wants besides.
    mutating func carryOut(
        _ first: RelayEngine.OnReceive,
        bytes: UnsafeBufferPointer<UInt8>,
        from flow: FiveTuple
    ) {
        var step = first
        while case .open(let relay, let address, let transport) = step {
            if let failure = open(relay, at: address, transport) {
                step = engine.relayNotOpened(failure, at: now)
            } else {
                step = engine.relayOpened(at: now)
            }
        }
        switch step {
        case .relay(let relayed):
            if let start = bytes.baseAddress {
                send(relayed, of: start)
            }
        case .answer(let listener): sendAnswer(to: flow, from: listener)
        case .forward(let index): forward(ByteBuffer(bytes: bytes), of: flow, to: index)
        case .drop(let reason): counters.count(reason)
        case .open, .done: break
        }
        drain()
    }

    /// Does what the engine wants besides.
    mutating func drain() {
        while let output = engine.nextOutput() {
            switch output {
            case .close(let relay): close(relay)
            case .send(let flow, let message): send(message, to: flow, from: flow.listener)
            case .released(let flow, let index): release(flow, to: index)
            case .connect(let connection, let relay, let peer): connect(connection, from: relay, to: peer)
            case .join(let connection, let flow):
                // The answer has to be on its way before the peer's bytes.
                streams.flush(flow)
                if let client = streams.client(of: flow) {
                    connector?.join(connection, with: client)
                } else {
                    connector?.abandon(connection)
                }
            case .abandon(let connection): connector?.abandon(connection)
            case .authenticated(let flow): streams.noteAuthenticated(flow)?.authenticated()
            case .began(let flow): streams.client(of: flow)?.allocationBegan()
            case .ended(let flow): streams.client(of: flow)?.allocationEnded()
            case .notJoined(let flow): streams.client(of: flow)?.notJoined()
            }
        }
    }

    private mutating func sendAnswer(to flow: FiveTuple, from listener: ListenerID) {
        switch engine.answerKind {
        case .success: counters.count(.answered)
        case .challenge: counters.count(.challenged)
        case .refusal(let code):
            counters.count(.refused)
            counters.count(refusal: code)
            notices.refused(code, flow.client.ip)
        }
        send(engine.answer, to: flow, from: listener)
    }

    private mutating func send(_ message: ByteBuffer, to flow: FiveTuple, from id: ListenerID) {
        let listener = listeners[id]
        guard listener.socket >= 0 else {
            streams.append(message, to: flow)
            return
        }
        let client = udp_address(flow.client, scope: listener.scope)
        message.withUnsafeReadableBytes { bytes in
            queue.append(listener.socket, copying: bytes, to: client, from: listener.source)
        }
    }
}

extension RelayLoop {
    private mutating func open(
        _ relay: RelayID,
        at address: TransportAddress,
        _ transport: RelayEngine.RelayTransport
    ) -> RelayEngine.OpenFailure? {
        let index = Int(relay.index)
        while relays.count <= index {
            relays.append(Relay(id: relay, generation: 0, address: address, state: .closed))
        }
        precondition(relays[index].state == .closed, "the engine opens a relay that is open")
        let generation = relays[index].generation
        switch transport {
        case .udp:
            if let failure = openDatagrams(index, generation: generation, at: address) { return failure }
            relays[index] = Relay(id: relay, generation: generation, address: address, state: .datagrams)
        case .tcp:
            guard let connector else { return .unavailable }
            if let failure = connector.listen(reference(relay), at: address, for: thread) {
                if failure == .unavailable { notices.notOpened(address) }
                return failure
            }
            relays[index] = Relay(id: relay, generation: generation, address: address, state: .connections)
        }
        counters.count(.relaysOpened)
        return nil
    }

    private mutating func openDatagrams(
        _ index: Int,
        generation: UInt32,
        at address: TransportAddress
    ) -> RelayEngine.OpenFailure? {
        var wanted = udp_address(address)
        let descriptor = udp_open(&wanted, UDP_ERRORS.rawValue | UDP_JOIN.rawValue, nil)
        guard descriptor != -EADDRINUSE else { return .portTaken }
        guard descriptor >= 0 else {
            notices.notOpened(address, errno: -descriptor)
            return .unavailable
        }
        guard DescriptorReserve.current.admits(descriptor) else {
            udp_close(descriptor)
            notices.notOpened(address, errno: EMFILE)
            return .unavailable
        }
        let number = firstRelay + index
        let result = udp_poller_add(poller, descriptor, UInt64(generation) << 32 | UInt64(number))
        guard result == 0 else {
            udp_close(descriptor)
            notices.notOpened(address, errno: -result)
            return .unavailable
        }
        queue.open(number, descriptor: descriptor, family: address.family.rawValue)
        return nil
    }

    private mutating func close(_ relay: RelayID) {
        let index = Int(relay.index)
        guard index < relays.count else { return }
        switch relays[index].state {
        case .closed: return
        case .datagrams:
            let number = firstRelay + index
            udp_poller_remove(poller, queue.descriptor(number))
            queue.close(number)
        case .connections: connector?.stopListening(reference(relay))
        }
        relays[index].state = .closed
        relays[index].generation &+= 1
        counters.count(.relaysClosed)
    }

    /// A relay as other threads may name it.
    func reference(_ relay: RelayID) -> RelayReference {
        RelayReference(engine: engine.index, relay: relay, generation: relays[Int(relay.index)].generation)
    }

    private mutating func connect(_ connection: PeerConnectionID, from relay: RelayID, to peer: TransportAddress) {
        let index = Int(relay.index)
        guard let connector, index < relays.count, relays[index].state == .connections else {
            thread.post(.peerNotConnected(connection))
            return
        }
        connector.connect(connection, from: relays[index].address, to: peer, for: thread)
    }

    private mutating func forward(_ message: ByteBuffer, of flow: FiveTuple, to index: UInt8) {
        guard index < threads.count else { return }
        counters.count(.forwarded)
        streams.noteForwarding(flow, to: index)
        threads[Int(index)].post(
            .forwarded(
                RelayThread.ForwardedMessage(
                    flow: shared(flow),
                    bytes: message,
                    stream: streams.client(of: flow),
                    forwarder: engine.index
                )
            )
        )
    }

    private func release(_ flow: FiveTuple, to index: UInt8) {
        guard index < threads.count else { return }
        threads[Int(index)].post(.released(shared(flow)))
    }

    /// A flow in the form that all threads understand.
    private func shared(_ flow: FiveTuple) -> RelayThread.ForwardedFlow {
        let listener = listeners[flow.listener]
        return RelayThread.ForwardedFlow(
            transport: listener.transport,
            client: flow.client,
            local: listener.address,
            scope: listener.scope
        )
    }
}
