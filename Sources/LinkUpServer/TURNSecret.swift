import Crypto
import FoundationEssentials

/// The secret under which TURN credentials are made, where the operator gives none.
enum TURNSecret {
    /// Derives the secret from that of the installation (HKDF with SHA-256, RFC 5869).
    ///
    /// So credentials outlive a restart, and who learns this secret learns nothing of the keys that are made of the
    /// other one.
    /// - Parameter secret: See ``DataDirectory/loadSecret()``.
    /// - Returns: 32 bytes in base64, always the same for one installation.
    static func derive(from secret: [UInt8]) -> String {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret),
            info: Data("linkup-turn".utf8),
            outputByteCount: 32
        )
        return key.withUnsafeBytes { Data($0).base64EncodedString() }
    }
}
