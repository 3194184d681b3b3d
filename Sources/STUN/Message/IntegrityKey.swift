import Crypto

/// The key of MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 §9.1.1, §9.2.2).
///
/// How a key is derived and which of the two attributes it is used for are independent choices.
///
/// The strings are used as they are: whoever takes them from a person has to prepare them first with the
/// OpaqueString profile of RFC 8265, which leaves printable ASCII as it is.
public struct IntegrityKey: Hashable, Sendable {
    let bytes: [UInt8]

    /// Makes a key of bytes that were derived before, as a credential store keeps them.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The key of a short-term credential: the password itself (RFC 8489 §9.1.1).
    public static func shortTerm(password: String) -> IntegrityKey {
        IntegrityKey(bytes: Array(password.utf8))
    }

    /// The key of a long-term credential by MD5, 16 bytes (RFC 8489 §9.2.2, §18.5.1.1).
    ///
    /// - Parameters:
    ///   - username: The user's name.
    ///   - realm: The realm, without quotes.
    ///   - password: The password.
    /// - Returns: The key.
    public static func longTermMD5(username: String, realm: String, password: String) -> IntegrityKey {
        IntegrityKey(bytes: Array(Insecure.MD5.hash(data: Array("\(username):\(realm):\(password)".utf8))))
    }

    /// The key of a long-term credential by SHA-256, 32 bytes (RFC 8489 §9.2.2, §18.5.1.2).
    ///
    /// - Parameters:
    ///   - username: The user's name.
    ///   - realm: The realm, without quotes.
    ///   - password: The password.
    /// - Returns: The key.
    public static func longTermSHA256(username: String, realm: String, password: String) -> IntegrityKey {
        IntegrityKey(bytes: Array(SHA256.hash(data: Array("\(username):\(realm):\(password)".utf8))))
    }
}

/// What became of comparing a code in a message with the right one.
public enum IntegrityCheck: Hashable, Sendable {
    /// The message carries no such code.
    case absent
    /// The code is right.
    case valid
    /// The code is wrong, or has a length that it may not have.
    case invalid
}
