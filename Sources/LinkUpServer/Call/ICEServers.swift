/// An entry of `RTCConfiguration.iceServers`.
struct ICEServer: Encodable, Equatable, Sendable {
    /// URLs as of RFC 7064.
    var urls: [String]
}

/// Says where clients find the STUN server.
struct ICEServers: Sendable {
    /// The port of the STUN server.
    var stunPort: Int
    /// The host at which clients reach the STUN server; `nil` for the host of the page, which works wherever the
    /// page was opened from as long as both run on one machine.
    var stunHost: String?

    /// Lists the ICE servers for a client.
    /// - Parameter hostHeader: The `Host` field of the client's handshake.
    /// - Returns: One STUN server; none when no host is known.
    func servers(hostHeader: String?) -> [ICEServer] {
        guard let host = stunHost.map(Self.bracketed) ?? hostHeader.flatMap(Self.host) else { return [] }
        return [ICEServer(urls: ["stun:\(host):\(stunPort)"])]
    }

    /// Takes the port off a `Host` field (RFC 9110, section 7.2).
    /// - Returns: A name, an IPv4 address, or an IPv6 address in brackets; `nil` when it is none of these.
    static func host(_ header: String) -> String? {
        let bytes = header.utf8
        guard (1...255).contains(bytes.count) else { return nil }
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isPort(header[end...].dropFirst()) else {
                return nil
            }
            let address = header[...end]
            let inner = address.utf8.dropFirst().dropLast()
            return !inner.isEmpty && inner.allSatisfy(isAddressByte) ? String(address) : nil
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? header.endIndex
        let name = header[..<colon]
        guard !name.isEmpty, isPort(header[colon...]), name.utf8.allSatisfy(isNameByte) else { return nil }
        return String(name)
    }

    /// Puts an IPv6 address that stands alone into brackets.
    private static func bracketed(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) && !host.hasPrefix("[") ? "[\(host)]" : host
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.utf8.first == UInt8(ascii: ":") && text.utf8.dropFirst().allSatisfy(isDigit))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
            || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}
