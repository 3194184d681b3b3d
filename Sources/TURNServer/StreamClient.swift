import NIOCore
import STUN
import TURN

/// A client's TCP or TLS connection, as the relay thread that serves it sees it.
///
/// All may be called from any thread.
protocol StreamClient: AnyObject, Sendable {
    /// What the client's messages come by.
    var transport: ClientTransport { get }
    /// The client's address.
    var remoteAddress: TransportAddress { get }
    /// The server's address.
    var localAddress: TransportAddress { get }
    /// Whether more waits for the client than it may let wait, with so many bytes that ``send(_:)`` has not got yet: what
    /// a peer sends is then dropped, not queued.
    func isCongested(besides waiting: Int) -> Bool

    /// Sends one message or more, whole and in order.
    func send(_ messages: ByteBuffer)
    /// So many bytes of what was posted for the client are done with; more may be read.
    func consumed(_ count: Int)
    /// The client has proven who it is.
    func authenticated()
    /// The client has an allocation.
    func allocationBegan()
    /// The client has no allocation any more.
    func allocationEnded()
    /// Nothing has come of the client's ConnectionBind request: what it has sent since are messages.
    func notJoined()
    /// Closes the connection after what was sent.
    func close()
}
