package import NIOCore

/// What a load balancer says about a connection before its first byte, by HAProxy's PROXY protocol, version 1 or 2.
package enum ProxyHeader: Equatable {
    /// The connection is the balancer's own, or of a kind without addresses: its socket's address counts.
    case local
    /// The connection comes from this address, which is never an IPv4-mapped one, and port.
    case proxied(IPAddress, port: UInt16)

    package enum OnBytes: Equatable {
        /// The header is not complete.
        case wait
        /// The header, and how many bytes it took.
        case header(ProxyHeader, length: Int)
        /// There is no header, or a broken one.
        case malformed
    }

    /// The most bytes of version 1, line end included (section 2.1).
    private static let longestLine = 107
    /// The most bytes of version 2; addresses take 232 at most, the rest is for extensions that nobody reads here.
    private static let longestBinary = 2048
    /// How version 2 begins (section 2.2).
    private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

    /// Reads the header at the beginning of a connection.
    package static func read(_ bytes: ByteBuffer) -> OnBytes {
        let view = bytes.readableBytesView
        if view.starts(with: signature) { return readBinary(bytes) }
        if signature.starts(with: view) { return .wait }
        return readLine(view)
    }

    /// `PROXY TCP4 192.0.2.1 192.0.2.2 1000 80`, or `PROXY UNKNOWN` and anything.
    private static func readLine(_ bytes: ByteBufferView) -> OnBytes {
        let start = Array("PROXY ".utf8)
        guard bytes.starts(with: start) || start.starts(with: bytes) else { return .malformed }
        let line = bytes.prefix(longestLine)
        guard let end = line.firstIndex(of: 0x0d), line.index(after: end) < line.endIndex else {
            return line.count < longestLine ? .wait : .malformed
        }
        guard line[line.index(after: end)] == 0x0a else { return .malformed }
        let length = line.distance(from: line.startIndex, to: end) + 2
        let words = String(decoding: line[..<end], as: UTF8.self).split(
            separator: " ",
            omittingEmptySubsequences: false
        )
        guard words.count > 1 else { return .malformed }
        if words[1] == "UNKNOWN" { return .header(.local, length: length) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6",
            let source = IPAddress(words[2]), let destination = IPAddress(words[3]),
            let port = readPort(words[4]), readPort(words[5]) != nil,
            words[1] == "TCP6" || (source.family == .ipv4 && destination.family == .ipv4)
        else { return .malformed }
        return .header(.proxied(source.unmapped, port: port), length: length)
    }

    private static func readPort(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }

    private static func readBinary(_ bytes: ByteBuffer) -> OnBytes {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: signature.count)
        guard let versionAndCommand = rest.readInteger(as: UInt8.self), let family = rest.readInteger(as: UInt8.self),
            let bodyLength = rest.readInteger(as: UInt16.self)
        else { return .wait }
        let length = signature.count + 4 + Int(bodyLength)
        guard versionAndCommand >> 4 == 2, versionAndCommand & 0xf <= 1, length <= longestBinary else {
            return .malformed
        }
        guard let body = rest.readSlice(length: Int(bodyLength)) else { return .wait }
        // Command 0 is a health check of the balancer itself.
        guard versionAndCommand & 0xf == 1 else { return .header(.local, length: length) }
        let addressLength: Int
        switch family >> 4 {
        case 1: addressLength = 4
        case 2: addressLength = 16
        case 0, 3: return .header(.local, length: length)
        default: return .malformed
        }
        // Source, destination, and two ports; extensions may follow.
        guard body.readableBytes >= 2 * addressLength + 4,
            let source = IPAddress(bytes: body.readableBytesUInt8Span.extracting(first: addressLength)),
            let port = body.getInteger(at: body.readerIndex + 2 * addressLength, as: UInt16.self)
        else { return .malformed }
        return .header(.proxied(source.unmapped, port: port), length: length)
    }
}
