import EngineIO
import NIOCore

/// Encodes packets whose arguments are copied as they came, so that the length is known before anything is written.
enum RawPacket {
    /// Encodes an event, or an acknowledgement when there is no name.
    /// - Returns: `nil` when there are attachments, or escapes in the name, so that more than copying is to do.
    static func encode(
        _ type: PacketType,
        _ prefix: String,
        _ id: UInt64?,
        _ name: String?,
        _ arguments: SocketArguments
    ) -> EncodedMessage? {
        guard arguments.attachments == nil, name.map(JSONText.isPlain) ?? true else { return nil }
        let range = arguments.joinedRange
        var length = 1 + prefix.utf8.count + 1 + range.count + 1
        if let id { length += JSONText.digitCount(id) }
        if let name { length += name.utf8.count + (range.isEmpty ? 2 : 3) }
        return arguments.text.withUnsafeReadableBytes { source in
            EncodedMessage.text(length: length) { target in
                var cursor = Cursor(target: target)
                cursor.put(type.rawValue)
                cursor.put(prefix)
                if let id { cursor.put(id) }
                cursor.put(UInt8(ascii: "["))
                if let name {
                    cursor.put(UInt8(ascii: "\""))
                    cursor.put(name)
                    cursor.put(UInt8(ascii: "\""))
                    if !range.isEmpty { cursor.put(UInt8(ascii: ",")) }
                }
                cursor.put(UnsafeRawBufferPointer(rebasing: source[range]))
                cursor.put(UInt8(ascii: "]"))
            }
        }
    }

    /// Writes one thing after the other into memory that is large enough for all.
    private struct Cursor {
        let target: UnsafeMutableRawBufferPointer
        private var position = 0

        init(target: UnsafeMutableRawBufferPointer) {
            self.target = target
        }

        mutating func put(_ byte: UInt8) {
            target[position] = byte
            position += 1
        }

        mutating func put(_ integer: UInt64) {
            position = JSONText.write(integer, to: target, at: position)
        }

        mutating func put(_ string: String) {
            guard !string.isEmpty else { return }
            var string = string
            string.withUTF8 { put(UnsafeRawBufferPointer($0)) }
        }

        mutating func put(_ bytes: UnsafeRawBufferPointer) {
            UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: bytes)
            position += bytes.count
        }
    }
}
