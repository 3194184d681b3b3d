/// What a client says at the beginning of TLS: the name that it wants, and the protocols that it offers.
///
/// Read before TLS itself sees it, because a certificate can be chosen by these two only before the handshake begins.
struct ClientHello: Equatable {
    /// What the bytes that came so far are.
    enum Reading: Equatable {
        /// A part of one; there is no use in looking again before there are so many bytes.
        case incomplete(needed: Int)
        /// A whole one.
        case whole(ClientHello)
        /// Nothing that could become one; TLS itself will say so.
        case other
    }

    /// The most bytes that are waited for: browsers' have two KiB.
    static let maximumLength = 16_384
    /// The most records that it may be spread over; nobody takes more than two.
    static let maximumRecords = 8
    private static let headerLength = 5

    /// The name of the server (RFC 6066 §3), in lower case.
    var serverName: String?
    /// The protocols (RFC 7301 §3.1).
    var protocols: [String] = []

    /// Reads the first bytes of a connection.
    static func read(_ bytes: some Collection<UInt8>) -> Reading {
        var records = ByteReader(bytes)
        var handshake: [UInt8] = []
        var needed = 0
        // A message may be spread over records (RFC 8446 §5.1).
        for _ in 0..<maximumRecords {
            needed += headerLength
            guard let type = records.byte() else { return .incomplete(needed: needed) }
            guard type == 0x16 else { return .other }
            guard let version = records.number(2) else { return .incomplete(needed: needed) }
            guard version >> 8 == 3 else { return .other }
            guard let length = records.number(2) else { return .incomplete(needed: needed) }
            guard (1...maximumLength).contains(length) else { return .other }
            needed += length
            let piece = records.rest(atMost: length)
            handshake += piece
            if let reading = readMessage(handshake) { return reading }
            if piece.count < length { return .incomplete(needed: needed) }
        }
        return .other
    }

    /// Reads a message of the handshake (RFC 8446 §4); `nil` while it is not whole.
    private static func readMessage(_ bytes: [UInt8]) -> Reading? {
        var message = ByteReader(bytes)
        guard let type = message.byte() else { return nil }
        guard type == 1 else { return .other }
        guard let length = message.number(3) else { return nil }
        guard length <= maximumLength else { return .other }
        guard let body = message.bytes(length) else { return nil }
        return ClientHello(ByteReader(body)).map { .whole($0) } ?? .other
    }

}

extension ClientHello {
    /// RFC 8446 §4.1.2.
    private init?(_ reader: ByteReader) {
        self.init()
        var reader = reader
        // Version and random number, the session, the ciphers, the methods of compression.
        guard reader.bytes(34) != nil, reader.list(1) != nil, reader.list(2) != nil, reader.list(1) != nil else {
            return nil
        }
        if reader.isAtEnd { return }
        guard let list = reader.list(2) else { return nil }
        var extensions = ByteReader(list)
        while !extensions.isAtEnd {
            guard let type = extensions.number(2), let value = extensions.list(2) else { return nil }
            switch type {
            case 0: serverName = Self.serverName(in: value)
            case 16: protocols = Self.protocols(in: value)
            default: break
            }
        }
    }

    private static func serverName(in value: [UInt8]) -> String? {
        var reader = ByteReader(value)
        guard let list = reader.list(2) else { return nil }
        var names = ByteReader(list)
        guard names.byte() == 0, let name = names.list(2) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    private static func protocols(in value: [UInt8]) -> [String] {
        var reader = ByteReader(value)
        guard let list = reader.list(2) else { return [] }
        var names = ByteReader(list)
        var protocols: [String] = []
        while let name = names.list(1) { protocols.append(String(decoding: name, as: UTF8.self)) }
        return protocols
    }
}

/// Takes numbers and lists from bytes, in order.
private struct ByteReader {
    private var left: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        left = Array(bytes)[...]
    }

    var isAtEnd: Bool { left.isEmpty }

    mutating func byte() -> UInt8? { left.popFirst() }

    /// A number of so many bytes, the most significant first.
    mutating func number(_ count: Int) -> Int? {
        bytes(count)?.reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard left.count >= count else { return nil }
        defer { left = left.dropFirst(count) }
        return Array(left.prefix(count))
    }

    /// Bytes behind their number, which has so many bytes itself.
    mutating func list(_ lengthBytes: Int) -> [UInt8]? {
        number(lengthBytes).flatMap { bytes($0) }
    }

    mutating func rest(atMost count: Int) -> ArraySlice<UInt8> {
        defer { left = left.dropFirst(count) }
        return left.prefix(count)
    }
}
