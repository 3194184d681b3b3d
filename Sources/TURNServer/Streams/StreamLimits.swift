/// What TCP and TLS connections may cost.
struct StreamLimits: Sendable {
    /// How many connections may be open.
    var connections = 1024
    /// How many of them one address may have, or one /64 of IPv6; loopback is exempt.
    var connectionsPerNetwork = 256
    /// How long it may take to tell what a connection speaks, TLS handshake included.
    ///
    /// Default 10 s: a handshake takes two round trips, and a connection that has sent nothing is worth little.
    var handshakeTimeout = Duration.seconds(10)
    /// How long a client may take to prove who it is; `nil` for any time.
    ///
    /// Default 30 s: an Allocate takes two round trips. Servers that only answer STUN have nobody prove anything and
    /// need `nil`.
    var authenticationTimeout: Duration? = .seconds(30)
    /// How long a connection may be without a whole message while the client has no allocation.
    ///
    /// Default 60 s: clients that keep a connection send keep-alives more often, and others ask once.
    var idleTimeout = Duration.seconds(60)
    /// The same while the client has an allocation.
    ///
    /// Default 3660 s: the longest lifetime of an allocation and a minute. Who says nothing for so long has no allocation
    /// any more, however long it lasted.
    var allocatedIdleTimeout = Duration.seconds(3660)

    /// How many bytes may wait for a client before what peers send is dropped.
    ///
    /// Default 256 KiB: a second of 2 Mbit/s. What waits longer than that is of no use to a call, and queueing it would
    /// only delay what comes after.
    var pendingBytes = 256 * 1024
    /// How long a client may take nothing of what waits for it before the connection is closed.
    ///
    /// Default 30 s: as long as the other end goes on sending without hearing of its peer (consent, RFC 7675 §5.1), so that
    /// no call that could still live is cut.
    var stallTimeout = Duration.seconds(30)
    /// How many bytes of whole messages may wait for the relay thread before nothing more is read from the client.
    ///
    /// Default 256 KiB: four times the longest message, and reads of 64 KiB still overlap with their handling.
    var unhandledBytes = 256 * 1024
    /// How long what was sent may take to leave a connection that is being closed.
    ///
    /// Default 10 s.
    var closingTimeout = Duration.seconds(10)
}
