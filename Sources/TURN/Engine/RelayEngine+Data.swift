public import STUN

extension RelayEngine {
    /// RFC 8656 §12.6: ChannelData from a client goes to the peer of the channel.
    mutating func relayChannelData(_ bytes: Span<UInt8>, from client: FiveTuple, at now: Moment) -> OnReceive {
        let number = bytes.uint16(at: 0)
        let count = Int(bytes.uint16(at: 2))
        // What follows the payload is padding, which datagrams may carry as well (§12.5).
        guard count <= bytes.count - ChannelNumber.headerLength else { return .drop(.malformed) }
        guard let slot = allocationsByClient[client] else { return forwardOrDrop(client) }
        guard let index = bindingsByNumber[ChannelKey(allocation: slot, number: number)],
            bindings[index].expiry > now.uptime, bindings[index].leadsOn
        else { return .drop(.noChannel) }
        guard spend(count, \.fromClient, of: slot, at: now) else { return .drop(.overBandwidth) }
        return .relay(
            Relayed(
                relay: bindings[index].relay,
                peer: bindings[index].destination,
                offset: ChannelNumber.headerLength,
                count: count,
                dontFragment: false
            )
        )
    }

    /// RFC 8656 §11.2: the data of a Send indication goes to the peer that it names, if that has a permission.
    ///
    /// Its FINGERPRINT is not looked at: it would cost a pass over the data, which UDP has made already.
    mutating func relayIndication(
        _ message: borrowing STUNMessage,
        from client: FiveTuple,
        at now: Moment
    ) -> OnReceive {
        guard let slot = allocationsByClient[client] else { return forwardOrDrop(client) }
        var peer: TransportAddress?
        var payload: Range<Int>?
        var dontFragment = false
        var attributes = message.attributes
        while let attribute = attributes.next() {
            switch attribute.type {
            case .xorPeerAddress where peer == nil:
                guard let value = try? AddressValue.decode(attribute.value, of: .xorPeerAddress) else {
                    return .drop(.malformed)
                }
                peer = AddressValue.xor(value, in: message.transactionID)
            case .data where payload == nil:
                let start = attribute.offset + 4
                payload = start..<(start + attribute.value.count)
            case .dontFragment: dontFragment = true
            case .xorPeerAddress, .data: break
            case let type where type.isComprehensionRequired:
                guard Self.known.contains(type) else { return .drop(.malformed) }
            default: break
            }
        }
        guard let peer, let payload else { return .drop(.malformed) }
        guard allocations[slot].transport == .udp, let relay = allocations[slot].relay(of: peer.family) else {
            return .drop(.noRelay)
        }
        guard hasPermission(slot, for: peer, at: now) else { return .drop(.noPermission) }
        guard spend(payload.count, \.fromClient, of: slot, at: now) else { return .drop(.overBandwidth) }
        return .relay(
            Relayed(
                relay: relay,
                peer: destination(of: peer),
                offset: payload.lowerBound,
                count: payload.count,
                dontFragment: dontFragment
            )
        )
    }

    /// Takes a datagram from a peer (RFC 8656 §11.3, §12.7).
    /// - Parameters:
    ///   - payloadLength: How long the datagram is.
    ///   - source: Where it came from.
    ///   - relay: Where it arrived.
    ///   - header: The ``headroom`` bytes in front of the payload; the header is written at their end.
    ///   - now: The time.
    /// - Returns: Where to send it.
    public mutating func receive(
        payloadLength: Int,
        from source: TransportAddress,
        on relay: RelayID,
        header: inout MutableSpan<UInt8>,
        at now: Moment
    ) -> OnPeerDatagram {
        let slot = relays[relay.index].allocation
        guard slot != Allocation.none, payloadLength <= UInt16.max, header.count == Self.headroom else {
            return .drop(.noRelay)
        }
        let peer = clientsName(of: source)
        let client = allocations[slot].client
        if let index = bindingsByPeer[PeerKey(allocation: slot, peer: peer)], bindings[index].expiry > now.uptime,
            bindings[index].leadsOn,
            !configuration.requiresPermissionForChannels || isPermitted(slot, peer.ip, at: now)
        {
            guard spend(payloadLength, \.fromPeers, of: slot, at: now) else { return .drop(.overBandwidth) }
            header.writeEnd(UInt32(bindings[index].key.number) << 16 | UInt32(payloadLength))
            // RFC 8656 §12.5: only streams need padding.
            let padding = listeners[Int(client.listener.index)].transport == .udp ? 0 : -payloadLength & 3
            return .deliver(to: client, headerLength: ChannelNumber.headerLength, padding: padding)
        }
        guard hasPermission(slot, for: peer, at: now) else { return .drop(.noPermission) }
        guard spend(payloadLength, \.fromPeers, of: slot, at: now) else { return .drop(.overBandwidth) }
        let headerLength = DataIndication.writeHeader(
            peer: peer,
            payloadLength: payloadLength,
            transactionID: indicationIDs.next(),
            atEndOf: &header
        )
        guard let headerLength else { return .drop(.malformed) }
        return .deliver(to: client, headerLength: headerLength, padding: -payloadLength & 3)
    }

    /// The network says that a datagram to a peer did not arrive (RFC 8656 §11.5).
    /// - Parameters:
    ///   - destination: Where it was sent.
    ///   - relay: Where it was sent from.
    ///   - type: The ICMP type.
    ///   - code: The ICMP code.
    ///   - data: The next hop's MTU, or 0.
    ///   - now: The time.
    public mutating func peerUnreachable(
        _ destination: TransportAddress,
        from relay: RelayID,
        type: UInt8,
        code: UInt8,
        data: UInt32,
        at now: Moment
    ) {
        let slot = relays[relay.index].allocation
        let peer = clientsName(of: destination)
        guard slot != Allocation.none, ICMP.isReported(type: type, family: peer.family),
            hasPermission(slot, for: peer, at: now)
        else { return }
        var writer = STUNMessageWriter(MessageType(.indication, .data), transactionID: indicationIDs.next())
        do throws(STUNError) {
            try writer.append(XORPeerAddress(peer))
            try writer.append(ICMP(icmpType: type, code: UInt16(code), data: data))
            put(.send(to: allocations[slot].client, writer.finish()))
        } catch {
            preconditionFailure("an indication with two attributes fits a message")
        }
    }

    /// A flow without allocation here may be one that another engine serves.
    func forwardOrDrop(_ client: FiveTuple) -> OnReceive {
        guard forwarding.count > 0, let engine = forwarding[client] else { return .drop(.noAllocation) }
        return .forward(to: UInt8(truncatingIfNeeded: engine))
    }

    /// Whether the bytes are within the allocation's bandwidth; counts them if so.
    private mutating func spend(
        _ count: Int,
        _ budget: WritableKeyPath<Allocation, ByteBudget>,
        of slot: UInt32,
        at now: Moment
    ) -> Bool {
        let rate = configuration.maximumBytesPerSecond
        guard rate > 0 else { return true }
        return allocations[slot][keyPath: budget].spend(count, rate: rate, at: now.uptime)
    }

    private func isPermitted(_ slot: UInt32, _ host: IPAddress, at now: Moment) -> Bool {
        guard let index = permissionsByHost[PermissionKey(allocation: slot, host: host)] else { return false }
        return permissions[index].expiry > now.uptime
    }

    /// A permission is for a host; where the policy tells the host's ports apart, it has the last word.
    func hasPermission(_ slot: UInt32, for peer: TransportAddress, at now: Moment) -> Bool {
        guard peer.port != 0, let index = permissionsByHost[PermissionKey(allocation: slot, host: peer.ip)],
            permissions[index].expiry > now.uptime
        else { return false }
        guard permissions[index].dependsOnPort else { return true }
        return configuration.policy.refusal(of: peer, over: allocations[slot].transport) == nil
    }

    /// Where sockets reach a peer: relays of this server are reached at their local addresses.
    func destination(of peer: TransportAddress) -> TransportAddress {
        guard !translations.isEmpty, configuration.relayPorts.contains(peer.port),
            let address = translations.first(where: { $0.advertised == peer.ip })
        else { return peer }
        return TransportAddress(ip: address.local, port: peer.port)
    }

    /// How clients call a peer that sockets see: the inverse of ``destination(of:)``.
    func clientsName(of source: TransportAddress) -> TransportAddress {
        guard !translations.isEmpty, configuration.relayPorts.contains(source.port),
            let address = translations.first(where: { $0.local == source.ip })
        else { return source }
        return TransportAddress(ip: address.advertised, port: source.port)
    }
}
