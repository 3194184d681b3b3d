/// When and how the responses to polls are compressed.
public struct HTTPCompression: Sendable, Equatable {
    /// The smallest body that is compressed, in bytes; 1024, below which little is saved.
    public var threshold: Int
    /// The effort of zlib from 1 to 9; 6, its own default.
    public var level: Int
    /// The memory that zlib spends on speed from 1 to 9; 8, its own default.
    public var memoryLevel: Int

    /// Makes the settings.
    /// - Precondition: `threshold` is not negative, the levels are 1 to 9.
    public init(threshold: Int = 1024, level: Int = 6, memoryLevel: Int = 8) {
        self.threshold = threshold
        self.level = level
        self.memoryLevel = memoryLevel
        validate()
    }

    func validate() {
        precondition(threshold >= 0, "threshold must not be negative")
        precondition((1...9).contains(level) && (1...9).contains(memoryLevel), "zlib's levels are 1 to 9")
    }
}

/// A way to compress a response (RFC 9110, section 8.4.1).
package enum ContentCoding: String, CaseIterable {
    case gzip
    case deflate

    /// The coding that a client likes best (section 12.5.3); gzip where it likes both the same.
    /// - Parameter fields: The values of `Accept-Encoding`.
    /// - Returns: `nil` when the response must not be compressed, which is so without the field.
    package static func preferred(by fields: [String]) -> Self? {
        var weights: [String: Int] = [:]
        for item in fields.flatMap({ $0.split(separator: ",") }) {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            weights[name] = parts.dropFirst().first { $0.hasPrefix("q=") }.map { weight($0.dropFirst(2)) } ?? 1000
        }
        let ranked = allCases.map { (coding: $0, weight: weights[$0.rawValue] ?? weights["*"] ?? 0) }
        guard let best = ranked.map(\.weight).max(), best > 0 else { return nil }
        return ranked.first { $0.weight == best }?.coding
    }

    /// A weight (section 12.4.2) in thousandths; 0 when it is none.
    private static func weight(_ text: Substring) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : ""
        guard fraction.utf8.count <= 3, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            parts[0] == "0" || parts[0] == "1"
        else { return 0 }
        let padded = fraction + String(repeating: "0", count: 3 - fraction.utf8.count)
        return min(1000, (parts[0] == "1" ? 1000 : 0) + (Int(padded) ?? 0))
    }
}
