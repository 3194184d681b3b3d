public import NIOCore
public import STUN

extension RelayEngine {
    /// What to do about bytes that came from a client.
    public enum OnReceive: Hashable, Sendable {
        /// Send a part of the bytes to a peer.
        case relay(Relayed)
        /// Send ``RelayEngine/answer`` to the client, from the address of a listener: the one that the client wrote to,
        /// unless it asked for another (RFC 5780 §7.2).
        case answer(from: ListenerID)
        /// Open a socket, then call ``RelayEngine/relayOpened(at:)`` or ``RelayEngine/relayNotOpened(_:at:)`` and do
        /// what that says. Nothing else may be called before.
        case open(RelayID, at: TransportAddress, RelayTransport)
        /// Hand the bytes, with the flow's addresses and transport, to the engine of this index.
        case forward(to: UInt8)
        /// Nothing more.
        case done
        /// Send nothing, and count why.
        case drop(Drop)
    }

    /// What an answer says, for whoever counts and logs.
    public enum AnswerKind: Hashable, Sendable {
        /// The request was carried out.
        case success
        /// Somebody who has shown no credential is asked for one (401): how each allocation begins.
        case challenge
        /// The request was refused with this code.
        case refusal(code: Int)
    }

    /// Bytes on their way from a client to a peer.
    public struct Relayed: Hashable, Sendable {
        /// Where to send from.
        public var relay: RelayID
        /// Where to.
        public var peer: TransportAddress
        /// Where the payload begins in the bytes that were received.
        public var offset: Int
        /// The length of the payload; may be 0.
        public var count: Int
        /// Whether the datagram must not be fragmented on its way (RFC 8656 §18.9).
        public var dontFragment: Bool
    }

    /// What to do about a datagram that came from a peer.
    public enum OnPeerDatagram: Hashable, Sendable {
        /// Send header and payload to the client, and as many zero bytes as `padding` says.
        case deliver(to: FiveTuple, headerLength: Int, padding: Int)
        /// Send nothing, and count why.
        case drop(Drop)
    }

    /// The protocol between relay and peers.
    public enum RelayTransport: UInt8, Hashable, Sendable {
        /// Datagrams (RFC 8656).
        case udp
        /// Connections (RFC 6062): the socket listens.
        case tcp
    }

    /// Why a socket could not be opened.
    public enum OpenFailure: Hashable, Sendable {
        /// Somebody else has the port: another is tried.
        case portTaken
        /// The machine does not have the address, or no descriptors or memory are left.
        case unavailable
    }

    /// What the driver does besides, in this order, after each call that changes the engine.
    public enum Output: Hashable, Sendable {
        /// Close the socket of a relay.
        case close(RelayID)
        /// Send a message to a client.
        case send(to: FiveTuple, ByteBuffer)
        /// Tell the engine of this index that the flow is not forwarded any more (``RelayEngine/stopForwarding(_:)``).
        case released(FiveTuple, to: UInt8)
        /// Connect to a peer from a relay's address; then ``RelayEngine/peerConnected(_:at:)`` or
        /// ``RelayEngine/peerNotConnected(_:)`` (RFC 6062 §5.2).
        case connect(PeerConnectionID, from: RelayID, to: TransportAddress)
        /// Join the client's connection with the peer's: bytes go through unchanged from here on (RFC 6062 §5.4).
        case join(PeerConnectionID, FiveTuple)
        /// Close the connection with a peer.
        case abandon(PeerConnectionID)
        /// The client of a connection has proven who it is; said again with each of its requests.
        case authenticated(FiveTuple)
        /// The client of a connection has an allocation now: it was made, or has moved there (RFC 8016).
        case began(FiveTuple)
        /// The client of a connection has no allocation any more: it has ended, or has moved away.
        case ended(FiveTuple)
        /// Nothing came of a ConnectionBind request: what follows on the connection are messages as before
        /// (RFC 6062 §5.4).
        case notJoined(FiveTuple)
    }

    /// Why something was dropped; none of these harms the sender or anybody else.
    public enum Drop: UInt8, Hashable, Sendable, CaseIterable {
        /// Neither STUN nor ChannelData.
        case notTURN
        /// A STUN header, but no well-formed message, or not that of an indication that can be carried out.
        case malformed
        /// FINGERPRINT does not match the message.
        case wrongFingerprint
        /// A response, or an indication that servers are not sent.
        case unexpected
        /// A request or an indication of a method that the server does not have.
        case unsupportedMethod
        /// The source has port 0: nobody can be answered there.
        case unanswerableSource
        /// Too many answers without credentials went to the client's network.
        case rateLimited
        /// No allocation belongs to the flow.
        case noAllocation
        /// The channel is not bound.
        case noChannel
        /// The peer has no permission, or the policy denies it.
        case noPermission
        /// The relay has no such address any more.
        case noRelay
        /// The allocation sends faster than it may.
        case overBandwidth
    }
}

/// A TCP connection between a relay and a peer (RFC 6062 §6.2.1, CONNECTION-ID).
public struct PeerConnectionID: Hashable, Sendable {
    /// The number on the wire: unguessable, with the index of the engine in its last byte.
    public let number: UInt32
}
