public import STUN

/// What carries a client's messages to the server (RFC 8656 §3.1); part of the 5-tuple.
public enum ClientTransport: UInt8, Hashable, Sendable, CaseIterable {
    /// A datagram each.
    case udp
    /// A stream of messages.
    case tcp
    /// A stream of messages, encrypted.
    case tls
}

/// A transport and an address of the server's, known to one engine by a small number.
public struct ListenerID: Hashable, Sendable {
    /// The number, counted from 0 in the order of registration.
    public let index: UInt16
}

/// A flow between client and server: client address, server address and transport (RFC 8656 §2.1).
///
/// A plain value of 28 bytes. The listener stands for the server's address and the transport.
public struct FiveTuple: Hashable, Sendable {
    /// The client, as the server sees it; never an IPv4-mapped address.
    public let client: TransportAddress
    /// Where the client's messages arrive.
    public let listener: ListenerID

    /// Makes a flow.
    public init(client: TransportAddress, listener: ListenerID) {
        self.client = client.unmapped
        self.listener = listener
    }
}

/// A relayed transport address of an engine, by a small number that is used again after it was closed.
public struct RelayID: Hashable, Sendable {
    /// The number; drivers keep their sockets in an array by it.
    public let index: UInt32
}
