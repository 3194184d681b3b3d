import NIOCore

/// A packet from the client, taken apart but not decoded.
///
/// On the wire: type, number of attachments and `-` (binary types only), namespace and `,` (absent for the main
/// namespace), acknowledgement id, payload (socket.io-protocol revision 5).
struct Packet: Sendable {
    /// The packet type.
    let type: PacketType
    /// How many binary messages follow.
    private(set) var attachmentCount = 0
    /// The acknowledgement id.
    let id: UInt64?
    /// The whole message.
    private let text: ByteBuffer
    /// The namespace with its leading slash and without query; empty for the main namespace.
    private var namespaceRange = 0..<0
    /// What stands behind `?` in the namespace, as protocol 3 clients send it.
    private var queryRange: Range<Int>?
    private let payloadStart: Int
    /// The elements of a payload that is an array.
    private var elements = ArgumentRanges()
    /// Whether the name of an event has escapes.
    private var isNameEscaped = false

    /// Ids from this on are refused: JavaScript can't tell them apart.
    static let idLimit: UInt64 = 1 << 53

    /// Takes a text message apart.
    /// - Parameters:
    ///   - text: The message, without the Engine.IO packet type; valid UTF-8.
    ///   - maximumAttachments: How many attachments a packet may announce.
    ///   - allowsQuery: Whether a query may follow the namespace, as in protocol 3.
    /// - Throws: What is wrong with the packet.
    init(_ text: ByteBuffer, maximumAttachments: Int, allowsQuery: Bool = false) throws(PacketError) {
        let bytes = text.readableBytesUInt8Span
        guard let first = JSONScanner.byte(bytes, 0), let type = PacketType(rawValue: first) else { throw .unknownType }
        var position = 1
        self.type = type
        self.text = text
        if type.isBinary {
            attachmentCount = try Self.attachmentCount(bytes, &position, maximum: maximumAttachments)
        }
        if JSONScanner.byte(bytes, position) == UInt8(ascii: "/") {
            (namespaceRange, queryRange) = Self.namespace(bytes, &position, allowsQuery: allowsQuery)
        }
        id = try Self.id(bytes, &position)
        payloadStart = position
        try validatePayload(bytes)
    }

    /// The namespace with its leading slash and without query; `nil` for the main namespace.
    var namespace: ByteBuffer? { namespaceRange.isEmpty ? nil : slice(namespaceRange) }

    /// The query of the namespace; `nil` when there is none.
    var query: ByteBuffer? { queryRange.map(slice) }

    /// The JSON text; empty when the packet has none.
    var payload: ByteBuffer { slice(payloadStart..<text.readableBytes) }

    /// The arguments of an event or acknowledgement.
    func arguments(_ attachments: Attachments? = nil) -> SocketArguments {
        SocketArguments(
            text: text,
            elements: elements,
            hasName: type == .event || type == .binaryEvent,
            isNameEscaped: isNameEscaped,
            attachments: attachments
        )
    }

    /// Matches binary messages with the placeholders of the payload.
    func attach(_ buffers: [ByteBuffer]) throws(PacketError) -> Attachments {
        try Attachments(buffers, text: text, from: payloadStart)
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
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

    private static func namespace(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        allowsQuery: Bool
    ) -> (name: Range<Int>, query: Range<Int>?) {
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
        return (isMain ? 0..<0 : start..<nameEnd, queryStart.map { ($0 + 1)..<end })
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

    private mutating func validatePayload(_ bytes: Span<UInt8>) throws(PacketError) {
        switch type {
        case .event, .binaryEvent:
            elements = try JSONScanner.splitArray(bytes, from: payloadStart)
            isNameEscaped = try Self.validateName(bytes, elements)
        case .acknowledgement, .binaryAcknowledgement:
            elements = try JSONScanner.splitArray(bytes, from: payloadStart)
        case .connect:
            guard payloadStart < bytes.count else { return }
            let first = try JSONScanner.validate(bytes, from: payloadStart)
            guard first == UInt8(ascii: "{") else { throw .unexpectedPayload }
        case .disconnect:
            guard payloadStart == bytes.count else { throw .unexpectedPayload }
        case .connectError:
            let first = try JSONScanner.validate(bytes, from: payloadStart)
            guard first == UInt8(ascii: "{") || first == UInt8(ascii: "\"") else { throw .unexpectedPayload }
        }
    }

    /// Checks the name of an event: a string that is not reserved, or a number.
    /// - Returns: Whether there are escapes in it.
    private static func validateName(
        _ bytes: Span<UInt8>,
        _ elements: ArgumentRanges
    ) throws(PacketError) -> Bool {
        guard elements.count > 0 else { throw .unexpectedPayload }
        let literal = bytes.extracting(elements[0])
        guard literal[0] == UInt8(ascii: "\"") else {
            guard literal[0] == UInt8(ascii: "-") || JSONText.isDigit(literal[0]) else { throw .unexpectedPayload }
            return false
        }
        let hasEscapes = JSONText.hasEscapes(literal)
        guard hasEscapes || ReservedEvent.maybeReserved(literal) else { return false }
        guard let name = JSONText.string(literal), !ReservedEvent.isReserved(name) else { throw .reservedEvent }
        return hasEscapes
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
