import Networking

/// Names a participant of a call to its peers, over lost connections and restarts of the server.
struct ParticipantID: Hashable, Sendable {
    /// The id on the wire: 22 characters of the base64url alphabet.
    let value: String

    /// Takes an id that this server has made.
    init(_ value: String) {
        self.value = value
    }

    /// Makes an id of 128 random bits.
    static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Self(Base64URL.encode(bytes))
    }

    /// Whether this participant is the polite one towards `peer`, in the sense of perfect negotiation.
    ///
    /// Depends on nothing but the two ids, so a pair that finds itself again after a restart of the server keeps its
    /// parts; and of two different ids exactly one is polite.
    func isPolite(towards peer: Self) -> Bool {
        value < peer.value
    }
}

extension ParticipantID {
    /// Ids are the same when their bytes are; strings of other bytes can be equal.
    static func == (left: Self, right: Self) -> Bool {
        left.value.utf8.elementsEqual(right.value.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in value.utf8 { hasher.combine(byte) }
    }
}

extension ParticipantID: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
