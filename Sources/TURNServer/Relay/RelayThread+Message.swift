import NIOCore
import STUN
import TURN

extension RelayThread {
    /// What other threads tell a relay thread.
    ///
    /// What one of them posts is handled in the order in which it was posted.
    enum Message: Sendable {
        /// A client's connection is open; comes before all else about the client.
        case connected(any StreamClient)
        /// One message or more from a client: whole, each STUN or ChannelData with its padding.
        case received(any StreamClient, ByteBuffer)
        /// A client's connection is closed, whoever closed it; comes last, and once.
        case disconnected(any StreamClient)

        /// A connection that the engine asked for is open.
        case peerConnected(PeerConnectionID)
        /// A connection that the engine asked for did not come about.
        case peerNotConnected(PeerConnectionID)
        /// A peer has connected to a relay; answered with ``PeerConnector/admit(_:as:)``.
        case peerAccepted(PendingPeerID, from: TransportAddress, on: RelayReference)
        /// A connection with a peer has ended, and not because the engine has abandoned it.
        case peerDisconnected(PeerConnectionID)

        /// A message that another thread received and that is this one's to handle.
        case forwarded(ForwardedMessage)
        /// The client of a flow that was forwarded has no allocation here any more.
        case released(ForwardedFlow)
        /// The machine has other addresses: those of relays, and the policy, are to be taken over.
        case addressesChanged(RelayConfiguration)
        /// A user's credentials are not good any more.
        case revoked(RevokedUser)
        /// Finish.
        case stop
    }

    /// A flow between client and server in a form that all threads understand.
    struct ForwardedFlow: Sendable {
        let transport: ClientTransport
        let client: TransportAddress
        /// The server's address.
        let local: TransportAddress
        /// The interface, if that is a link-local address.
        let scope: UInt32
    }

    /// A message on its way to the thread that has the client's allocation.
    struct ForwardedMessage: Sendable {
        let flow: ForwardedFlow
        /// Whole, and one.
        let bytes: ByteBuffer
        /// The client's connection, if it has one.
        let stream: (any StreamClient)?
        /// The thread that received it.
        let forwarder: UInt8
    }
}
