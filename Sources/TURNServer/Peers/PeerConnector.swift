import STUN
import TURN

/// A relayed address of one relay thread that cannot be mistaken for a later one with the same number.
struct RelayReference: Hashable, Sendable {
    /// The engine that it belongs to.
    let engine: UInt8
    /// Its number there, which is used again.
    let relay: RelayID
    /// Which of those that had the number.
    let generation: UInt32
}

/// A connection that a peer has made and no engine has taken yet, by the connector's own number.
struct PendingPeerID: Hashable, Sendable {
    let number: UInt64
}

/// Makes and carries the TCP connections between relays and peers (RFC 6062), for all relay threads.
///
/// Called by relay threads, so nothing here may wait for the network. What happens is posted to the thread.
protocol PeerConnector: AnyObject, Sendable {
    /// Binds a listening socket exactly at `address` before it returns; then posts ``RelayThread/Message/peerAccepted``.
    func listen(
        _ relay: RelayReference,
        at address: TransportAddress,
        for thread: any RelayInbox
    ) -> RelayEngine.OpenFailure?

    /// Closes what ``listen(_:at:for:)`` opened, and the connections that wait for ``admit(_:as:)``.
    func stopListening(_ relay: RelayReference)

    /// Takes a peer's connection over under a number; closes it if there is none.
    func admit(_ pending: PendingPeerID, as connection: PeerConnectionID?)

    /// Connects to a peer from a relay's local address, then posts ``RelayThread/Message/peerConnected(_:)`` or, also
    /// after 30 s, ``RelayThread/Message/peerNotConnected(_:)``.
    func connect(
        _ connection: PeerConnectionID,
        from relay: TransportAddress,
        to peer: TransportAddress,
        for thread: any RelayInbox
    )

    /// Joins the client's connection with the peer's: bytes go through unchanged from here on.
    ///
    /// What was sent to the client before leaves before the first byte of the peer.
    func join(_ connection: PeerConnectionID, with client: any StreamClient)

    /// Closes a connection with a peer, and the client's that is joined with it after what waits for it.
    ///
    /// Nothing is posted about the connection any more.
    func abandon(_ connection: PeerConnectionID)
}
