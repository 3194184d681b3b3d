import NIOCore

/// The query that protocol 3 clients append to a namespace.
enum QueryString {
    /// Decodes `a=b&c=d`, percent escapes and `+` included; of several items with one name the last counts.
    static func parse(_ query: ByteBuffer) -> JSONObject {
        var items = JSONObject()
        for item in query.readableBytesView.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { continue }
            items[decode(name)] = .string(parts.count > 1 ? decode(parts[1]) : "")
        }
        return items
    }

    private static func decode(_ bytes: ByteBufferView) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(JSONText.hexValue),
                let low = rest.dropFirst().first.flatMap(JSONText.hexValue)
            {
                decoded.append(UInt8(high << 4 | low))
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
