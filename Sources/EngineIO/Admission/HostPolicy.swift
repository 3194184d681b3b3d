/// The names under which a server may be asked, against DNS rebinding.
///
/// A page from anywhere may have its own name resolve to the address of a server that only its visitor can reach. The
/// browser then takes the server for the page's own, and no check of origins helps; but it says the name in `Host`.
/// Addresses can't be rebound, and `localhost` is nobody's name but the machine's own (RFC 6761, section 6.3).
public struct HostPolicy: Sendable, Equatable {
    /// The names that are served, in lower case, without ports or dots at their ends.
    public let names: Set<String>

    /// Allows names, besides addresses, `localhost` and what ends in `.localhost`.
    ///
    /// A name may come with a port, which is not looked at.
    public init(_ names: some Sequence<String> = []) {
        self.names = Set(names.compactMap(Self.name))
    }

    /// Whether a request may be answered.
    /// - Parameter hostHeader: The value of the request's field `Host`; `nil` when there is none, which no browser's
    ///   request is without.
    /// - Returns: Whether the name is one of the server's.
    public func allows(_ hostHeader: String?) -> Bool {
        guard let hostHeader else { return true }
        if hostHeader.utf8.first == UInt8(ascii: "[") { return Self.isIPv6Literal(hostHeader) }
        guard let name = Self.name(hostHeader) else { return false }
        return IPAddress(name) != nil || name == "localhost" || name.hasSuffix(".localhost") || names.contains(name)
    }

    /// The name of a host as it is compared: without port and the dot of the root, letters of ASCII in lower case.
    private static func name(_ host: String) -> String? {
        var bytes = Array(host.utf8)
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            guard bytes[(colon + 1)...].allSatisfy(isDigit) else { return nil }
            bytes.removeSubrange(colon...)
        }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        // Comparing texts that are not ASCII would compare more than bytes.
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        return String(decoding: bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// Whether a text is an address of IPv6 in brackets, with or without a port (RFC 3986, section 3.2.2).
    private static func isIPv6Literal(_ host: String) -> Bool {
        let bytes = host.utf8.dropFirst()
        guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
        let address = Substring(bytes[..<end])
        let port = bytes[bytes.index(after: end)...]
        guard port.isEmpty || (port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(isDigit)) else {
            return false
        }
        return address.utf8.contains(UInt8(ascii: ":")) && IPAddress(address) != nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
