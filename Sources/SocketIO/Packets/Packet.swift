import NIOCore

/// A packet from the client, taken apart but not decoded.
///
/// On the wire: type, number of attachments and `-` (binary types only), namespace and `,` (absent for the main
/// namespace), acknowledgement id, payload (socket.io-protocol revision 5).
struct Packet: Sendable {
    /// The packet type.
    let type: PacketType
    /// How many binary messages follow.
    let attachmentCount: Int
    /// The acknowledgement id.
    let id: UInt64?
    /// The arguments of an event or acknowledgement; it holds the text of any packet.
    private(set) var arguments: SocketArguments
    private let address: Address
    private let payloadStart: Int

    /// Lets go what the text was read with, since the packet waits for more.
    mutating func keep() {
        arguments = arguments.kept
    }

    /// Where the namespace stands in the text.
    private struct Address {
        /// The name with its leading slash and without query; empty for the main namespace.
        var name = 0..<0
        /// What stands behind `?`, as protocol 3 clients send it.
        var query: Range<Int>?
    }

    /// Ids from this on are refused: JavaScript can't tell them apart.
    static let idLimit: UInt64 = 1 << 53

    /// Takes a text message apart.
    /// - Parameters:
    ///   - text: The message, without the Engine.IO packet type; valid UTF-8.
    ///   - limits: How many attachments a packet may announce, and how many arguments it may have and how deep they may be nested.
    ///   - allowsQuery: Whether a query may follow the namespace, as in protocol 3.
    /// - Throws: What is wrong with the packet.
    init(_ text: ByteBuffer, limits: ParserLimits, allowsQuery: Bool = false) throws(PacketError) {
        let bytes = text.readableBytesUInt8Span
        guard let first = JSONScanner.byte(bytes, 0), let type = PacketType(rawValue: first) else { throw .unknownType }
        var position = 1
        self.type = type
        attachmentCount =
            type.isBinary ? try Self.attachmentCount(bytes, &position, maximum: limits.maxAttachments) : 0
        address =
            JSONScanner.byte(bytes, position) == UInt8(ascii: "/")
            ? Self.address(bytes, &position, allowsQuery: allowsQuery) : Address()
        id = try Self.id(bytes, &position)
        payloadStart = position
        var elements = ArgumentRanges()
        var name = EventName.Key.none
        switch type {
        case .event, .binaryEvent:
            elements = try Self.elements(bytes, from: position, atMost: limits.maxArguments + 1, limits)
            name = try Self.name(bytes, elements)
        case .acknowledgement, .binaryAcknowledgement:
            elements = try Self.elements(bytes, from: position, atMost: limits.maxArguments, limits)
        case .connect, .disconnect, .connectError:
            try Self.validatePayload(of: type, bytes, from: position, depth: limits.maxDepth)
        }
        arguments = SocketArguments(text: text, elements: elements, nameKey: name)
    }

    /// The namespace with its leading slash and without query; `nil` for the main namespace.
    var namespace: ByteBuffer? { address.name.isEmpty ? nil : slice(address.name) }

    /// The query of the namespace; `nil` when there is none.
    var query: ByteBuffer? { address.query.map(slice) }

    /// The JSON text; empty when the packet has none.
    var payload: ByteBuffer { slice(payloadStart..<arguments.text.readableBytes) }

    /// Matches binary messages with the placeholders of the payload.
    mutating func attach(_ buffers: [ByteBuffer]) throws(PacketError) {
        arguments.attachments = try Attachments(buffers, text: arguments.text, from: payloadStart)
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        let text = arguments.text
        return text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    private static func attachmentCount(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        maximum: Int
    ) throws(PacketError) -> Int {
        guard let count = try digits(bytes, &position, orThrow: .tooManyAttachments),
            JSONScanner.byte(bytes, position) == UInt8(ascii: "-")
        else { throw .malformedAttachmentCount }
        guard count <= UInt64(clamping: maximum) else { throw .tooManyAttachments }
        position += 1
        return Int(count)
    }

    private static func elements(
        _ bytes: Span<UInt8>,
        from start: Int,
        atMost count: Int,
        _ limits: ParserLimits
    ) throws(PacketError) -> ArgumentRanges {
        try JSONScanner.splitArray(bytes, from: start, atMost: count, depth: limits.maxDepth)
    }

    private static func address(_ bytes: Span<UInt8>, _ position: inout Int, allowsQuery: Bool) -> Address {
        let start = position
        var queryStart: Int?
        while let byte = JSONScanner.byte(bytes, position), byte != UInt8(ascii: ",") {
            if byte == UInt8(ascii: "?"), allowsQuery, queryStart == nil { queryStart = position }
            position += 1
        }
        let end = position
        if position < bytes.count { position += 1 }
        let nameEnd = queryStart ?? end
        let isMain = nameEnd - start == 1
        return Address(name: isMain ? 0..<0 : start..<nameEnd, query: queryStart.map { ($0 + 1)..<end })
    }

    private static func id(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) -> UInt64? {
        guard let id = try digits(bytes, &position, orThrow: .malformedIdentifier) else { return nil }
        guard id < idLimit else { throw .malformedIdentifier }
        return id
    }

    /// Reads decimal digits; `nil` when there are none, `error` when they are too many for 64 bits.
    private static func digits(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        orThrow error: PacketError
    ) throws(PacketError) -> UInt64? {
        let start = position
        var value: UInt64 = 0
        while let byte = JSONScanner.byte(bytes, position), JSONText.isDigit(byte) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw error }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    private static func validatePayload(
        of type: PacketType,
        _ bytes: Span<UInt8>,
        from start: Int,
        depth: Int
    ) throws(PacketError) {
        if start == bytes.count, type != .connectError { return }
        guard type != .disconnect else { throw .unexpectedPayload }
        switch try JSONScanner.validate(bytes, from: start, depth: depth) {
        case UInt8(ascii: "{"): return
        case UInt8(ascii: "\"") where type == .connectError: return
        default: throw .unexpectedPayload
        }
    }

    /// Checks the name of an event: a string that is not reserved, or a number.
    static func name(_ bytes: Span<UInt8>, _ elements: ArgumentRanges) throws(PacketError) -> EventName.Key {
        guard elements.count > 0 else { throw .unexpectedPayload }
        let range = elements[0]
        let literal = bytes.extracting(range)
        guard literal[0] == UInt8(ascii: "\"") else {
            guard literal[0] == UInt8(ascii: "-") || JSONText.isDigit(literal[0]) else { throw .unexpectedPayload }
            return EventName.Key(bytes, in: range)
        }
        let isEscaped = JSONText.hasEscapes(literal)
        if isEscaped || ReservedEvent.maybeReserved(literal) {
            guard let name = JSONText.string(literal), !ReservedEvent.isReserved(name) else { throw .reservedEvent }
        }
        return EventName.Key(bytes, in: (range.lowerBound + 1)..<(range.upperBound - 1), isEscaped: isEscaped)
    }
}

/// Event names that belong to the library and its clients.
enum ReservedEvent {
    /// Whether neither side may send an event of this name.
    static func isReserved(_ name: String) -> Bool {
        switch name {
        case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener": true
        default: false
        }
    }

    /// Whether a name, a string literal in quotation marks, needs a closer look: most differ from all of the reserved
    /// ones in length or first letter already.
    static func maybeReserved(_ literal: Span<UInt8>) -> Bool {
        switch literal.count - 2 {
        case 7, 10, 11, 13, 14: break
        default: return false
        }
        switch literal[1] {
        case UInt8(ascii: "c"), UInt8(ascii: "d"), UInt8(ascii: "n"), UInt8(ascii: "r"): return true
        default: return false
        }
    }
}
