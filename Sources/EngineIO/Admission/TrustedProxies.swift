/// The proxies whose word about the client's address is taken.
///
/// Each proxy appends the address that it got the request from to a header field, and whatever stands left of that was
/// sent by somebody else. So the field is read from its right end, as long as the address that vouches for the next is a
/// trusted one; the first that is not trusted is the client's.
public struct TrustedProxies: Sendable {
    /// The header field that the proxies append to; they must not let another through.
    public enum Field: Sendable {
        /// `X-Forwarded-For`, which nearly all proxies write; `X-Forwarded-Proto` tells TLS.
        case xForwardedFor
        /// `Forwarded` of RFC 7239.
        case forwarded
    }

    /// The addresses of the proxies.
    public var ranges: [AddressRange]
    /// The header field that they append to.
    public var field: Field

    /// Names the proxies.
    /// - Parameters:
    ///   - ranges: Their addresses, such as `["10.0.0.0/8", "::1"]`.
    ///   - field: The header field that they append to; `X-Forwarded-For` unless given.
    public init(_ ranges: [AddressRange], field: Field = .xForwardedFor) {
        self.ranges = ranges
        self.field = field
    }

    /// A client as the proxies describe it.
    package struct Client: Equatable {
        package var address: IPAddress
        package var isSecure: Bool

        package init(address: IPAddress, isSecure: Bool) {
            self.address = address
            self.isSecure = isSecure
        }
    }

    /// The client behind the proxies.
    /// - Parameters:
    ///   - peer: Where the connection comes from.
    ///   - isSecure: Whether the connection is over TLS.
    ///   - values: The values of a header field, in the order received.
    /// - Returns: The peer itself if it is no trusted proxy.
    package func client(behind peer: IPAddress, isSecure: Bool, values: (String) -> [String]) -> Client {
        var client = Client(address: peer.unmapped, isSecure: isSecure)
        switch field {
        case .xForwardedFor:
            guard isTrusted(peer) else { return client }
            if let proto = values("X-Forwarded-Proto").last?.split(separator: ",").last {
                client.isSecure = equalsIgnoringASCIICase(proto.filter { $0 != " " }, "https")
            }
            for value in values("X-Forwarded-For").reversed() {
                for item in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                    guard isTrusted(client.address), let address = Self.address(String(item.filter { $0 != " " }))
                    else {
                        return client
                    }
                    client.address = address.unmapped
                }
            }
        case .forwarded:
            for value in values("Forwarded").reversed() {
                // A value that can't be read says nothing, and neither does what stands left of it.
                guard let elements = Self.elements(value) else { return client }
                for element in elements.reversed() {
                    guard isTrusted(client.address) else { return client }
                    if let proto = element["proto"] { client.isSecure = equalsIgnoringASCIICase(proto, "https") }
                    guard let address = element["for"].flatMap(Self.address) else { return client }
                    client.address = address.unmapped
                }
            }
        }
        return client
    }

    /// Whether an address is one of the proxies', in whichever of its forms.
    package func isTrusted(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        return ranges.contains { $0.unmapped.contains(address) }
    }

    /// An address that may have a port, and in brackets if it is one of IPv6 (RFC 7239, section 6).
    private static func address(_ node: String) -> IPAddress? {
        if node.utf8.first == UInt8(ascii: "[") {
            let parts = node.dropFirst().split(separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? IPAddress(parts[0]) : nil
        }
        if let address = IPAddress(node) { return address }
        let parts = node.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? IPAddress(parts[0]) : nil
    }

    /// The parameters of each element of `Forwarded`, names in lower case (RFC 7239, section 4).
    private static func elements(_ value: String) -> [[String: String]]? {
        var scanner = FieldScanner(value)
        var elements: [[String: String]] = [[:]]
        while !scanner.isAtEnd {
            guard let name = scanner.token(), scanner.take("="), let text = scanner.tokenOrQuoted() else { return nil }
            elements[elements.count - 1][name.lowercased()] = text
            if scanner.take(",") {
                elements.append([:])
            } else if !scanner.take(";"), !scanner.isAtEnd {
                return nil
            }
        }
        return elements
    }
}
