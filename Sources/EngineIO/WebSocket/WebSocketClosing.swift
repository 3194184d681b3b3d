/// The closing handshake (RFC 6455, section 7.1): each side sends a close frame, and then the server closes the connection.
///
/// A connection that is closed while bytes of the peer are unread is reset, and the peer may lose what it was sent last.
/// So the server reads on, without looking at it, until the peer has closed.
package struct WebSocketClosing {
    /// How the closing began.
    package enum Begin: Sendable, Equatable {
        /// The server closes.
        case server
        /// The peer has closed, and the server answers.
        case peer
        /// The peer broke the rules: what it sends from there on is not understood, its close frame neither (7.1.7).
        case violation
    }

    package enum OnFrameLeft: Sendable, Equatable {
        /// Close the connection.
        case close
        /// Wait for the peer's close frame, no longer than ``timeout``.
        case awaitPeer
        /// Send no more, and wait for the end of what the peer sends, no longer than ``timeout``.
        case closeOutput
    }

    /// How long a peer that has taken the close frame may take to answer it; 1 s, after which a page has seen its events
    /// or never will.
    package static let timeout = Duration.seconds(1)

    /// How long a peer may take to take the close frame of a server that ends; 3 s, which leaves time to answer it within
    /// the 5 s that the end of a server may last.
    package static let timeoutOfServer = Duration.seconds(3)

    /// Whether the close frame was handed to the system.
    package private(set) var isSent = false
    private let begin: Begin
    private var hasPeerClosed: Bool

    package init(_ begin: Begin) {
        self.begin = begin
        hasPeerClosed = begin == .peer
    }

    /// The close frame was handed to the system.
    package mutating func frameLeft() -> OnFrameLeft {
        isSent = true
        if hasPeerClosed { return .close }
        return begin == .violation ? .closeOutput : .awaitPeer
    }

    /// The peer's close frame arrived.
    /// - Returns: Whether to close the connection now.
    package mutating func peerClosed() -> Bool {
        hasPeerClosed = true
        return isSent
    }
}
