import NIOCore

/// How much text an attribute may hold.
enum AttributeTextLimit {
    /// Fewer than 128 characters: REALM, NONCE, SOFTWARE and reason phrases (RFC 8489 §14.8 to §14.10, §14.14).
    case characters
    /// At most so many bytes.
    case bytes(Int)

    private static let maximumCharacters = 127
    /// What 127 characters may take, in the six bytes each that UTF-8 once allowed; the RFC's limit for receivers.
    private static let maximumReceivedBytes = 763

    func admits(_ text: String) -> Bool {
        switch self {
        case .characters: text.unicodeScalars.count <= Self.maximumCharacters
        case .bytes(let limit): text.utf8.count <= limit
        }
    }

    fileprivate var maximumReceivedBytes: Int {
        switch self {
        case .characters: Self.maximumReceivedBytes
        case .bytes(let limit): limit
        }
    }
}

/// Takes the text of an attribute of `type` from the wire.
func decodeText(
    _ value: Span<UInt8>,
    limit: AttributeTextLimit,
    of type: AttributeType
) throws(STUNError) -> String {
    guard value.count <= limit.maximumReceivedBytes,
        let validated = try? UTF8Span(validating: value)
    else { throw .malformedAttribute(type) }
    let text = String(copying: validated)
    guard limit.admits(text) else { throw .malformedAttribute(type) }
    return text
}
