/// Whether two byte strings are equal, in a time that depends on their lengths only.
///
/// For everything that is compared with a secret: an early exit tells a forger how many bytes were right.
public func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices {
        difference |= left[index] ^ right[index]
    }
    return difference == 0
}

/// Whether two texts have the same bytes, in a time that depends on their lengths only.
public func constantTimeEquals(_ left: String, _ right: String) -> Bool {
    constantTimeEquals(Array(left.utf8).span, Array(right.utf8).span)
}
