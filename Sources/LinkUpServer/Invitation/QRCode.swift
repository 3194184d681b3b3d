import CQRCodegen

/// An address as a QR code (ISO/IEC 18004) of medium error correction: a seventh of it may be unreadable.
public struct QRCode: Sendable {
    /// The most bytes of a text: the longest address that a room of this server can have fits, and a code of it is
    /// still read from a screen.
    public static let maximumLength = 512

    /// How many modules a side has, without the quiet zone.
    public let size: Int
    /// Whether a module is dark, row after row.
    private let modules: [Bool]

    /// Encodes a text.
    /// - Returns: `nil` when it is empty, too long, or holds U+0000.
    public init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), !text.utf8.contains(0) else { return nil }
        let length = Int(qrcodegenBufferLength)
        var workspace = [UInt8](repeating: 0, count: length)
        var code = [UInt8](repeating: 0, count: length)
        let isEncoded = qrcodegen_encodeText(
            text,
            &workspace,
            &code,
            qrcodegen_Ecc_MEDIUM,
            qrcodegen_VERSION_MIN,
            qrcodegen_VERSION_MAX,
            qrcodegen_Mask_AUTO,
            true
        )
        guard isEncoded else { return nil }
        let size = qrcodegen_getSize(code)
        self.size = Int(size)
        modules = (0..<size).flatMap { row in (0..<size).map { qrcodegen_getModule(code, $0, row) } }
    }

    /// Whether a module is dark; those beside the code are light.
    public func isDark(row: Int, column: Int) -> Bool {
        guard 0..<size ~= row, 0..<size ~= column else { return false }
        return modules[row * size + column]
    }
}
