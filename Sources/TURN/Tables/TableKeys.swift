import STUN

extension TransportAddress {
    /// Port and family in one word, and whatever else stands above the lower 24 bits.
    fileprivate func endWord(_ more: some BinaryInteger) -> UInt64 {
        UInt64(port) | UInt64(family.rawValue) << 16 | UInt64(truncatingIfNeeded: more) << 24
    }

    fileprivate static let filler = TransportAddress(ip: IPAddress(ipv4: 0), port: 0)
}

extension FiveTuple: FlatTableKey {
    static let filler = FiveTuple(client: .filler, listener: ListenerID(index: 0))

    func hash(with secret: HashSecret) -> UInt64 {
        secret.mix(client.ip.high, client.ip.low, client.endWord(listener.index))
    }
}

/// A channel number of an allocation.
struct ChannelKey: FlatTableKey {
    let allocation: UInt32
    let number: UInt16

    static let filler = ChannelKey(allocation: 0, number: 0)

    func hash(with secret: HashSecret) -> UInt64 {
        secret.mix(UInt64(allocation), UInt64(number), 0)
    }
}

/// A peer of an allocation.
struct PeerKey: FlatTableKey {
    let allocation: UInt32
    let peer: TransportAddress

    static let filler = PeerKey(allocation: 0, peer: .filler)

    func hash(with secret: HashSecret) -> UInt64 {
        secret.mix(peer.ip.high, peer.ip.low, peer.endWord(allocation))
    }
}

/// A host of peers of an allocation.
struct PermissionKey: FlatTableKey {
    let allocation: UInt32
    let host: IPAddress

    static let filler = PermissionKey(allocation: 0, host: IPAddress(ipv4: 0))

    func hash(with secret: HashSecret) -> UInt64 {
        secret.mix(host.high, host.low, UInt64(allocation) << 8 | UInt64(host.family.rawValue))
    }
}
