public import FoundationEssentials

/// The HTTP request that opened a connection, reduced to what applications ask for.
public struct HandshakeRequest: Sendable, Equatable, Codable {
    /// The request target as sent, path and query.
    public var target: String
    /// The query, percent-decoded, in the order sent.
    public var query: [QueryItem]
    /// The header fields in the order sent.
    public var headers: [HeaderField]
    /// The peer's address, without port; empty when unknown.
    public var remoteAddress: String
    /// Whether the connection is over TLS.
    public var isSecure: Bool
    /// When the handshake came in.
    public var time: ContinuousClock.Instant
    /// When the handshake came in, by the clock on the wall.
    public var date: Date

    /// A name and value of the query.
    public struct QueryItem: Sendable, Equatable, Codable {
        /// The decoded name.
        public var name: String
        /// The decoded value; empty where the query has none.
        public var value: String

        /// Makes an item of decoded text.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A name and value of the header.
    public struct HeaderField: Sendable, Equatable, Codable {
        /// The name as sent.
        public var name: String
        /// The value as sent.
        public var value: String

        /// Makes a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Makes a request of its parts.
    public init(
        target: String,
        query: [QueryItem],
        headers: [HeaderField],
        remoteAddress: String,
        isSecure: Bool,
        time: ContinuousClock.Instant,
        date: Date = Date(timeIntervalSince1970: 0)
    ) {
        self.target = target
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
        self.time = time
        self.date = date
    }

    /// The first value of a query item, or `nil` when the query does not have it.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The first value of a header field, its name compared without regard to case; `nil` when there is none.
    public func header(_ name: String) -> String? {
        // By index: a field in a variable is copied, and several fields of every request are looked for.
        headers.indices.first { equalsIgnoringASCIICase(headers[$0].name, name) }.map { headers[$0].value }
    }

    /// The values of a header field, in the order sent.
    func headers(named name: String) -> [String] {
        headers.indices.compactMap { equalsIgnoringASCIICase(headers[$0].name, name) ? headers[$0].value : nil }
    }
}

func equalsIgnoringASCIICase(_ one: String, _ other: String) -> Bool {
    guard one.utf8.count == other.utf8.count else { return false }
    // Side by side in memory: iterators are called for each byte.
    var (one, other) = (one, other)
    return one.withUTF8 { one in
        other.withUTF8 { other in
            for index in one.indices where one[index] != other[index] {
                guard lowercased(one[index]) == lowercased(other[index]) else { return false }
            }
            return true
        }
    }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
}

extension ClientNetwork {
    /// Makes the network of the client that made a handshake; the address is the client's own behind trusted proxies.
    package init(of handshake: HandshakeRequest) {
        self.init(IPAddress(handshake.remoteAddress))
    }
}
