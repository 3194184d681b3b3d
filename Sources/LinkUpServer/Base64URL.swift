import FoundationEssentials

/// Base64 with the URL alphabet and without padding (RFC 4648, section 5).
enum Base64URL {
    /// Encodes bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let base64 = Data(bytes).base64EncodedString().utf8
        return String(
            decoding: base64.lazy.filter { $0 != UInt8(ascii: "=") }
                .map { byte in
                    switch byte {
                    case UInt8(ascii: "+"): UInt8(ascii: "-")
                    case UInt8(ascii: "/"): UInt8(ascii: "_")
                    default: byte
                    }
                },
            as: UTF8.self
        )
    }
}
