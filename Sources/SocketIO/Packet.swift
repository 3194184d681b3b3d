import NIOCore

/// A packet from the client, taken apart but not decoded.
///
/// On the wire: type, number of attachments and `-` (binary types only), namespace and `,` (absent for the main
/// namespace), acknowledgement id, payload (socket.io-protocol revision 5).
struct Packet: Sendable, Equatable {
    /// The packet type.
    var type: PacketType
    /// How many binary messages follow.
    var attachmentCount: Int
    /// The namespace with its leading slash and without query; `nil` for the main namespace.
    var namespace: ByteBuffer?
    /// What stands behind `?` in the namespace, as protocol 3 clients send it.
    var query: ByteBuffer?
    /// The acknowledgement id.
    var id: UInt64?
    /// The JSON text; empty when the packet has none.
    var payload: ByteBuffer
    /// The elements of a payload that is an array.
    var elements: [Range<Int>]
    /// The name of an event, decoded; otherwise empty.
    var event: String

    /// Ids above this are refused: JavaScript can't tell them apart.
    private static let maximumID: UInt64 = 1 << 53

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
        attachmentCount = 0
        elements = []
        event = ""
        if type.isBinary {
            attachmentCount = try Self.attachmentCount(bytes, &position, maximum: maximumAttachments)
        }
        if JSONScanner.byte(bytes, position) == UInt8(ascii: "/") {
            Self.readNamespace(text, bytes, &position, allowsQuery: allowsQuery, &namespace, &query)
        }
        id = try Self.id(bytes, &position)
        payload = text
        payload.moveReaderIndex(forwardBy: position)
        try validatePayload()
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

    private static func readNamespace(
        _ text: ByteBuffer,
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        allowsQuery: Bool,
        _ namespace: inout ByteBuffer?,
        _ query: inout ByteBuffer?
    ) {
        let start = position
        var queryStart: Int?
        while let byte = JSONScanner.byte(bytes, position), byte != UInt8(ascii: ",") {
            if byte == UInt8(ascii: "?"), allowsQuery, queryStart == nil { queryStart = position }
            position += 1
        }
        let end = queryStart ?? position
        let isMain = end - start == 1
        namespace = isMain ? nil : text.getSlice(at: text.readerIndex + start, length: end - start)
        if let queryStart {
            query = text.getSlice(at: text.readerIndex + queryStart + 1, length: position - queryStart - 1)
        }
        if position < bytes.count { position += 1 }
    }

    private static func id(_ bytes: Span<UInt8>, _ position: inout Int) throws(PacketError) -> UInt64? {
        guard let id = try digits(bytes, &position, orThrow: .malformedIdentifier) else { return nil }
        guard id < maximumID else { throw .malformedIdentifier }
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

    private mutating func validatePayload() throws(PacketError) {
        let payload = payload
        let bytes = payload.readableBytesUInt8Span
        switch type {
        case .connect:
            guard !bytes.isEmpty else { return }
            try JSONScanner.validate(bytes)
            guard payload.firstNonWhitespace == UInt8(ascii: "{") else { throw .unexpectedPayload }
        case .disconnect:
            guard bytes.isEmpty else { throw .unexpectedPayload }
        case .connectError:
            try JSONScanner.validate(bytes)
            let first = payload.firstNonWhitespace
            guard first == UInt8(ascii: "{") || first == UInt8(ascii: "\"") else { throw .unexpectedPayload }
        case .event, .binaryEvent:
            try JSONScanner.splitArray(bytes, into: &elements)
            event = try eventName()
        case .acknowledgement, .binaryAcknowledgement:
            try JSONScanner.splitArray(bytes, into: &elements)
        }
    }

    /// Decodes the name of an event: a string that is not reserved, or a number.
    private func eventName() throws(PacketError) -> String {
        guard let element = elements.first,
            let name = payload.getSlice(at: payload.readerIndex + element.lowerBound, length: element.count)
        else { throw .unexpectedPayload }
        if let text = JSONText.string(name) {
            guard !ReservedEvent.isReserved(text) else { throw .reservedEvent }
            return text
        }
        guard JSONText.double(name) != nil else { throw .unexpectedPayload }
        return String(buffer: name)
    }
}

extension ByteBuffer {
    fileprivate var firstNonWhitespace: UInt8? {
        let bytes = readableBytesUInt8Span
        var position = 0
        JSONScanner.skipWhitespace(bytes, &position)
        return JSONScanner.byte(bytes, position)
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
}
