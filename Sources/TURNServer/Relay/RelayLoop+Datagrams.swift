import CLinuxUDP
import STUN
import TURN

extension RelayLoop {
    /// Handles one batch of what clients have sent to a socket.
    mutating func receiveFromClients(_ number: Int) {
        // The batch takes all slots.
        flush()
        let count = Int(udp_receive(io, queue.descriptor(number), 0, CInt(UDP_SLOTS)))
        guard count > 0 else { return }
        let datagrams = io.pointee.received
        for index in 0..<count {
            let datagram = datagrams + index
            guard let client = TransportAddress(datagram.pointee.source),
                let listener = listeners.find(number, local: datagram.pointee.local, engine: &engine)
            else { continue }
            guard !datagram.pointee.truncated else {
                counters.count(.malformed)
                continue
            }
            let flow = FiveTuple(client: client, listener: listener)
            let length = Int(datagram.pointee.length)
            // What the kernel has joined is taken apart.
            let step = datagram.pointee.segment > 0 ? Int(datagram.pointee.segment) : max(length, 1)
            var start = 0
            repeat {
                receive(datagram.pointee.bytes + start, count: min(step, length - start), from: flow)
                start += step
            } while start < length
        }
        flush()
    }

    /// Handles one message of a client; the bytes must stay where they are until ``flush()``.
    @inline(__always)
    mutating func receive(
        _ bytes: UnsafePointer<UInt8>,
        count: Int,
        from flow: FiveTuple,
        forwardedBy forwarder: UInt8? = nil
    ) {
        counters.count(.received)
        let message = UnsafeBufferPointer(start: bytes, count: count)
        let step = engine.receive(message.span, from: flow, forwardedBy: forwarder, at: now)
        switch step {
        case .relay(let relayed): send(relayed, of: bytes)
        case .drop(let reason): counters.count(reason)
        default: carryOut(step, bytes: message, from: flow)
        }
    }

    /// Queues what a client sends to a peer.
    @inline(__always)
    mutating func send(_ relayed: RelayEngine.Relayed, of bytes: UnsafePointer<UInt8>) {
        counters.count(.datagramsToPeers)
        counters.count(.bytesToPeers, relayed.count)
        queue.append(
            firstRelay + Int(relayed.relay.index),
            bytes: bytes + relayed.offset,
            length: relayed.count,
            to: udp_address(relayed.peer),
            from: .none,
            dontFragment: relayed.dontFragment
        )
    }

    /// Handles some of what peers have sent to a relay; what is left is reported again.
    mutating func receiveFromPeers(_ index: Int) {
        if nextSlot == Int(UDP_SLOTS) {
            flush()
        }
        let room = min(Int(UDP_SLOTS) - nextSlot, Self.peerBatch)
        let number = firstRelay + index
        let count = Int(udp_receive(io, queue.descriptor(number), CInt(nextSlot), CInt(room)))
        guard count > 0 else { return }
        let relay = relays[index].id
        let datagrams = io.pointee.received + nextSlot
        nextSlot += count
        for index in 0..<count {
            let datagram = datagrams + index
            guard let peer = TransportAddress(datagram.pointee.source) else { continue }
            let length = Int(datagram.pointee.length)
            let segment = Int(datagram.pointee.segment)
            guard segment > 0, segment < length else {
                receive(datagram.pointee.bytes, count: length, from: peer, on: relay)
                continue
            }
            // What the kernel has joined needs room for headers in between.
            for start in stride(from: 0, to: length, by: segment) {
                let count = min(segment, length - start)
                let copy = queue.reserve(RelayEngine.headroom + count + Int(UDP_TAILROOM)) + RelayEngine.headroom
                copy.update(from: datagram.pointee.bytes + start, count: count)
                receive(copy, count: count, from: peer, on: relay)
            }
        }
    }

    /// Handles one datagram of a peer, which has room on both sides and must stay where it is until ``flush()``.
    @inline(__always)
    private mutating func receive(
        _ payload: UnsafeMutablePointer<UInt8>,
        count: Int,
        from peer: TransportAddress,
        on relay: RelayID
    ) {
        var header = UnsafeMutableBufferPointer(
            start: payload - RelayEngine.headroom,
            count: RelayEngine.headroom
        ).mutableSpan
        switch engine.receive(payloadLength: count, from: peer, on: relay, header: &header, at: now) {
        case .deliver(let flow, let headerLength, let padding):
            deliver(payload - headerLength, header: headerLength, payload: count, padding: padding, to: flow)
        case .drop(let reason): counters.count(reason)
        }
    }

    /// Queues what a peer sends to a client.
    @inline(__always)
    private mutating func deliver(
        _ bytes: UnsafeMutablePointer<UInt8>,
        header: Int,
        payload: Int,
        padding: Int,
        to flow: FiveTuple
    ) {
        let listener = listeners[flow.listener]
        if listener.socket >= 0 {
            if padding > 0 {
                // A slot has room behind the longest datagram.
                (bytes + header + payload).update(repeating: 0, count: padding)
            }
            queue.append(
                listener.socket,
                bytes: bytes,
                length: header + payload + padding,
                to: udp_address(flow.client, scope: listener.scope),
                from: listener.source
            )
        } else {
            let data = UnsafeRawBufferPointer(start: bytes, count: header + payload)
            switch streams.append(data, padding: padding, to: flow) {
            case .queued: break
            case .congested:
                counters.count(.congested)
                return
            case .gone:
                counters.count(.undelivered)
                return
            }
        }
        counters.count(.datagramsToClients)
        counters.count(.bytesToClients, payload)
    }

    /// Hands on what the network says about datagrams to peers (RFC 8656 §11.5), and takes the errors off the socket so
    /// that they fail nothing else.
    mutating func receiveErrors(_ index: Int) {
        var error = udp_error()
        // A relay that sends to many who are not there gets its errors over several turns.
        for _ in 0..<Self.peerBatch {
            guard udp_read_error(queue.descriptor(firstRelay + index), &error) > 0 else { break }
            guard error.from_network, let peer = TransportAddress(error.peer) else { continue }
            counters.count(.peersUnreachable)
            engine.peerUnreachable(
                peer,
                from: relays[index].id,
                type: error.type,
                code: error.code,
                data: error.mtu,
                at: now
            )
        }
        drain()
    }
}
