import EngineIO
import NIOCore

/// A packet encoded once for any number of receivers, with its attachments.
struct OutgoingPacket: Sendable {
    /// The text message.
    private(set) var message: EncodedMessage
    /// The binary messages that follow it; for most packets none.
    private(set) var attachments: [EncodedMessage]
    /// By what clients know an event that ``Recovery`` repeats to those who missed it.
    var offset: UInt64?

    /// How many bytes the packet has with its frames.
    var byteCount: Int {
        attachments.reduce(message.frame.readableBytes) { $0 + $1.frame.readableBytes }
    }

    /// Keeps transports from compressing the packet.
    mutating func forbidCompression() {
        message.isCompressible = false
        for index in attachments.indices { attachments[index].isCompressible = false }
    }

    /// Sends the packet; on the connection's loop.
    func send(on connection: any EngineConnection) {
        connection.send(message)
        guard !attachments.isEmpty else { return }
        for attachment in attachments {
            connection.send(attachment)
        }
    }
}

extension OutgoingPacket {
    /// Room for arguments whose size is not known: more would be wasted on most packets.
    private static let usualArgumentBytes = 80

    /// The event that the packet carries, as a listener for all events wants it; `nil` for other packets.
    func decoded(from format: PacketFormat) -> (name: String, arguments: SocketArguments)? {
        var packet: SocketPacket?
        if var decoder = format.makeDecoder(ParserLimits(maxAttachments: .max)) {
            for message in [message] + attachments {
                packet = try? decoder.receive(message.isBinary ? .binary(message.payload) : .text(message.payload))
            }
        } else {
            packet = try? SocketPacket(self)
        }
        guard let packet, case .event(let name, let arguments) = packet.content else { return nil }
        return (name, arguments)
    }

    /// Encodes an event.
    /// - Parameters:
    ///   - name: The event's name.
    ///   - prefix: The namespace as it stands in packets; see ``NamespaceName/wirePrefix``.
    ///   - id: The id by which the receiver acknowledges the event, if it is to.
    ///   - writeArguments: Writes each argument with a comma before it.
    /// - Returns: The packet.
    /// - Throws: What `writeArguments` throws.
    static func event(
        _ name: String,
        prefix: String,
        id: UInt64? = nil,
        writeArguments: (inout ArgumentWriter) throws -> Void
    ) throws -> Self {
        try make(.event, .binaryEvent, prefix, id, payloadBytes: usualArgumentBytes + name.utf8.count) { writer in
            JSONText.write(name, to: &writer.buffer)
            try writeArguments(&writer)
        }
    }

    /// Encodes an acknowledgement.
    /// - Parameters:
    ///   - id: The id that came with the event.
    ///   - prefix: The namespace as it stands in packets.
    ///   - writeArguments: Writes the arguments with commas between them.
    /// - Returns: The packet.
    /// - Throws: What `writeArguments` throws.
    static func acknowledgement(
        _ id: UInt64?,
        prefix: String,
        writeArguments: (inout ArgumentWriter) throws -> Void
    ) throws -> Self {
        try make(
            .acknowledgement,
            .binaryAcknowledgement,
            prefix,
            id,
            payloadBytes: usualArgumentBytes,
            writeElements: writeArguments
        )
    }

    /// Encodes an event whose arguments are passed on as they came.
    static func event(_ name: String, prefix: String, raw arguments: SocketArguments) throws -> Self {
        if let message = RawPacket.encode(.event, prefix, nil, name, arguments) {
            return Self(message: message, attachments: [])
        }
        return try event(name, prefix: prefix) { $0.writeElements(of: arguments) }
    }

    /// Encodes an acknowledgement whose arguments are passed on as they came.
    static func acknowledgement(_ id: UInt64, prefix: String, raw arguments: SocketArguments) throws -> Self {
        if let message = RawPacket.encode(.acknowledgement, prefix, id, nil, arguments) {
            return Self(message: message, attachments: [])
        }
        return try acknowledgement(id, prefix: prefix) { $0.writeList(arguments) }
    }

    private static func make(
        _ type: PacketType,
        _ binaryType: PacketType,
        _ prefix: String,
        _ id: UInt64?,
        payloadBytes: Int,
        writeElements: (inout ArgumentWriter) throws -> Void
    ) throws -> Self {
        var buffers: [ByteBuffer] = []
        var headerLength = 0
        let capacity = longestHeader + prefix.utf8.count + payloadBytes
        let message = try EncodedMessage.text(minimumCapacity: capacity) { buffer in
            // The buffer moves into the writer and back, so that it stays uniquely referenced and is never copied.
            var writer = ArgumentWriter()
            swap(&writer.buffer, &buffer)
            defer { swap(&writer.buffer, &buffer) }
            headerLength = writeHeader(type, prefix, id, to: &writer.buffer)
            try writeElements(&writer)
            writer.buffer.writeInteger(UInt8(ascii: "]"))
            buffers = writer.attachments
        }
        guard !buffers.isEmpty else { return Self(message: message, attachments: []) }
        var payload = message.payload
        payload.moveReaderIndex(forwardBy: headerLength)
        let binaryMessage = EncodedMessage.text(minimumCapacity: payload.readableBytes + headerLength + 4) { buffer in
            writeHeader(binaryType, String(buffers.count) + "-" + prefix, id, to: &buffer)
            buffer.writeImmutableBuffer(payload)
        }
        return Self(message: binaryMessage, attachments: buffers.map(EncodedMessage.binary))
    }

    /// Type, the digits of an id and the brackets.
    private static let longestHeader = 1 + JSONText.mostDigits + 2

    /// Appends what stands before the elements.
    /// - Returns: How many bytes it is.
    @discardableResult
    private static func writeHeader(
        _ type: PacketType,
        _ prefix: String,
        _ id: UInt64?,
        to buffer: inout ByteBuffer
    ) -> Int {
        let start = buffer.writerIndex
        if prefix.isEmpty {
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: longestHeader) { target in
                target[0] = type.rawValue
                let end = id.map { JSONText.write($0, to: target, at: 1) } ?? 1
                target[end] = UInt8(ascii: "[")
                return end + 1
            }
        } else {
            buffer.writeInteger(type.rawValue)
            buffer.writeString(prefix)
            if let id { JSONText.write(id, to: &buffer) }
            buffer.writeInteger(UInt8(ascii: "["))
        }
        return buffer.writerIndex - start
    }

    /// Encodes the answer to CONNECT; protocol 3 clients get no payload.
    static func connect(prefix: String, socketID: String?, recoveryID: String? = nil) -> Self {
        let message = EncodedMessage.text { buffer in
            buffer.writeInteger(PacketType.connect.rawValue)
            buffer.writeString(prefix)
            guard let socketID else { return }
            buffer.writeStaticString("{\"sid\":")
            JSONText.write(socketID, to: &buffer)
            if let recoveryID {
                buffer.writeStaticString(",\"pid\":")
                JSONText.write(recoveryID, to: &buffer)
            }
            buffer.writeStaticString("}")
        }
        return Self(message: message, attachments: [])
    }

    /// Encodes the refusal of CONNECT; protocol 3 clients get the data or else the message, as a bare value.
    static func connectError(prefix: String, _ refusal: ConnectionRefused, isProtocol3: Bool) -> Self {
        let message = EncodedMessage.text { buffer in
            buffer.writeInteger(PacketType.connectError.rawValue)
            buffer.writeString(prefix)
            if isProtocol3 {
                (refusal.data ?? .string(refusal.message)).write(to: &buffer)
                return
            }
            buffer.writeStaticString("{\"message\":")
            JSONText.write(refusal.message, to: &buffer)
            if let data = refusal.data {
                buffer.writeStaticString(",\"data\":")
                data.write(to: &buffer)
            }
            buffer.writeStaticString("}")
        }
        return Self(message: message, attachments: [])
    }

    /// Encodes DISCONNECT.
    static func disconnect(prefix: String) -> Self {
        let message = EncodedMessage.text { buffer in
            buffer.writeInteger(PacketType.disconnect.rawValue)
            buffer.writeString(prefix)
        }
        return Self(message: message, attachments: [])
    }
}
