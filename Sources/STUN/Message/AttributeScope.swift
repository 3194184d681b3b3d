/// Which attributes still count at a point of a message, by what came before them.
///
/// Nothing but FINGERPRINT and MESSAGE-INTEGRITY-SHA256 counts after MESSAGE-INTEGRITY, and nothing but FINGERPRINT
/// after MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.5, §14.6): what follows is not covered by the code, so anybody on the
/// way may have added it.
enum AttributeScope: UInt8 {
    /// Nothing but ordinary attributes came before.
    case open
    /// MESSAGE-INTEGRITY came before.
    case afterIntegrity
    /// MESSAGE-INTEGRITY-SHA256 came before.
    case afterIntegritySHA256
    /// FINGERPRINT came before; nothing may follow.
    case closed

    /// Whether an attribute of `type` counts here; moves on past it if it does.
    mutating func admit(_ type: AttributeType) -> Bool {
        switch (self, type) {
        case (.closed, _): return false
        case (_, .fingerprint): self = .closed
        case (.afterIntegritySHA256, _): return false
        case (_, .messageIntegritySHA256): self = .afterIntegritySHA256
        case (.afterIntegrity, _): return false
        case (.open, .messageIntegrity): self = .afterIntegrity
        case (.open, _): break
        }
        return true
    }
}
