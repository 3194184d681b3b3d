extension HandshakeRequest.HeaderField {
    /// Whether name and value are a token and a field value (RFC 9110, sections 5.1 and 5.5), so that they can't end
    /// the field or begin another.
    package var isValid: Bool {
        Self.isToken(name) && Self.isFieldValue(value)
    }

    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(FieldScanner.isTokenCharacter)
    }

    static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
    }
}
