import Foundation
import NIOCore

@testable import EngineIO
@testable import SocketIO

/// Messages as a client sends them: text up to a byte FF, which no UTF-8 has, then attachments behind one each.
func fuzzSocketIOPackets(_ bytes: ByteBuffer) {
    let parts = bytes.readableBytesView.split(separator: 0xff, omittingEmptySubsequences: false)
        .map { ByteBuffer($0) }
    guard let text = parts.first, text.isValidUTF8,
        let packet = try? Packet(text, limits: ParserLimits(maxAttachments: 10), allowsQuery: true)
    else { return }
    _ = packet.namespace
    if let query = packet.query { _ = QueryString.parse(query) }
    var reconstructor = PacketReconstructor()
    do {
        if let whole = try reconstructor.receive(packet) { return decodeAll(whole.arguments) }
        for part in parts.dropFirst() {
            if let whole = try reconstructor.receive(part) { return decodeAll(whole.arguments) }
        }
    } catch {
        // A violation; what matters is that nothing traps.
    }
}

/// Decodes every argument in every way, and passes all of them on.
private func decodeAll(_ arguments: SocketArguments) {
    for index in 0..<arguments.count {
        _ = try? arguments.decode(String.self, at: index)
        _ = try? arguments.decode(Int.self, at: index)
        _ = try? arguments.decode(Double.self, at: index)
        _ = try? arguments.decode(Bool.self, at: index)
        _ = try? arguments.decode(ByteBuffer.self, at: index)
        _ = try? arguments.decode(JSONValue.self, at: index)
        _ = try? arguments.decode([String: JSONValue].self, at: index)
    }
    var writer = ArgumentWriter()
    writer.writeList(arguments)
    guard !arguments.isEmpty else { return }
    var list = ByteBuffer(string: "[")
    list.writeImmutableBuffer(writer.buffer)
    list.writeString("]")
    precondition((try? JSONScanner.validate(list.readableBytesUInt8Span)) != nil, "what is passed on is no JSON")
}

/// What the scanner takes for JSON, Foundation must too, but for two things that JavaScript reads and Foundation refuses:
/// escapes of half a surrogate pair, and numbers beyond the range of a double.
func fuzzJSON(_ bytes: ByteBuffer) {
    guard bytes.isValidUTF8, (try? JSONScanner.validate(bytes.readableBytesUInt8Span)) != nil else { return }
    var data = withSmallNumbers(bytes)
    for index in data.indices.dropLast(3) where data[index] == UInt8(ascii: "\\") {
        let isSurrogate = data[index + 1] == UInt8(ascii: "u") && data[index + 2] | 0x20 == UInt8(ascii: "d")
        if isSurrogate { data[index + 2] = UInt8(ascii: "0") }
    }
    do {
        _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    } catch {
        preconditionFailure("Foundation does not take it: \(error)")
    }
}

/// The text with exponents of zeros, and no digit that is one of very many: as valid as it was, in strings too.
private func withSmallNumbers(_ bytes: ByteBuffer) -> Data {
    var data = Data()
    var digits = 0
    var isExponent = false
    for byte in bytes.readableBytesView {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            isExponent = byte | 0x20 == UInt8(ascii: "e") || (isSign && isExponent && digits == 0)
            digits = 0
            data.append(byte)
            continue
        }
        digits += 1
        if digits <= 200 { data.append(isExponent ? UInt8(ascii: "0") : byte) }
    }
    return data
}

/// The query behind the namespace of a client of protocol 3.
func fuzzNamespaceQuery(_ bytes: ByteBuffer) {
    _ = QueryString.parse(bytes)
}

/// A packet as MessagePack; what was decoded must be encodable, and that decodable.
func fuzzMessagePack(_ bytes: ByteBuffer) {
    let parser = MessagePackParser()
    let limits = ParserLimits(maxAttachments: 10)
    var decoder = parser.makeDecoder(limits: limits)
    guard let packet = try? decoder.receive(.binary(bytes)) else { return }
    switch packet.content {
    case .event(_, let arguments), .acknowledgement(let arguments): decodeAll(arguments)
    case .connect, .disconnect, .connectError: break
    }
    var again = parser.makeDecoder(limits: limits)
    for message in parser.encode(packet) {
        precondition((try? again.receive(.binary(message.payload))) != nil, "what was encoded can't be decoded")
    }
}
