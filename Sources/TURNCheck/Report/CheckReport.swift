/// What a check has found; as JSON its keys stay.
package struct CheckReport: Encodable, Sendable {
    /// The address that was checked.
    var uri: String
    /// Whether all that was asked for works.
    package var ok: Bool
    /// Each way that was tried.
    var transports: [TransportReport]
}

/// What a check has found over one transport.
struct TransportReport: Encodable, Sendable {
    /// What answering Binding requests has shown.
    struct STUNResult: Encodable, Sendable {
        /// This machine as the server sees it.
        var mappedAddress: String
        var milliseconds: Double
    }

    /// What an allocation has shown.
    struct TURNResult: Encodable, Sendable {
        /// The address that the server gave.
        var relayedAddress: String
        /// For how long, in seconds.
        var lifetime: UInt32
        /// The realm; `nil` if the server did not ask for a user.
        var realm: String?
        var milliseconds: Double
    }

    /// What relaying has shown.
    struct RelayResult: Encodable, Sendable {
        var way: RelayProbe.Way
        /// There and back.
        var milliseconds: Double
    }

    /// `udp`, `tcp` or `tls`.
    var transport: String
    /// The server's address and port; `nil` if its name has none.
    var address: String?
    /// Whether it was asked for; what was not is reported all the same.
    var required: Bool
    /// Whether all that was tried works.
    var ok = false
    /// How long the connection took, TLS included; `nil` over UDP.
    var connectMilliseconds: Double?
    var stun: STUNResult?
    var turn: TURNResult?
    var relay: RelayResult?
    /// What does not work.
    var problem: Problem?
    /// What could not be tried, or should be known.
    var notes: [Problem] = []

    init(transport: Transport, address: String?, required: Bool) {
        self.transport = transport.rawValue
        self.address = address
        self.required = required
    }
}

extension Duration {
    /// The time in milliseconds, to the microsecond.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return (Double(seconds) * 1000 + Double(attoseconds) / 1e15).rounded(toThousandths: ())
    }
}

extension Double {
    fileprivate func rounded(toThousandths: Void) -> Double {
        (self * 1000).rounded() / 1000
    }
}
