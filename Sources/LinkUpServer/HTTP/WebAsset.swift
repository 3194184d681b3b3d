import Crypto
import EngineIO
import FoundationEssentials
import NIOCore
import Networking

/// A file of the page, ready to be sent.
struct WebAsset: Sendable, Equatable {
    /// The value of `Content-Type`.
    let contentType: String
    /// The bytes.
    let body: ByteBuffer
    /// The bytes as gzip, where that is shorter.
    let gzip: ByteBuffer?
    /// What entity tags are made of: half of the SHA-256 of the bytes.
    let digest: String
    /// The value of `Content-Security-Policy`, where it allows more than that of all answers.
    let policy: String?

    /// Makes an asset of a file's name and bytes.
    init(name: String, body: ByteBuffer, gzip: ByteBuffer? = nil, policy: String? = nil) {
        contentType = Self.contentType(of: name)
        self.body = body
        self.gzip = gzip
        self.policy = policy
        digest = Base64URL.encode(SHA256.hash(data: Data(body.readableBytesView)).prefix(16))
    }

    /// The body in one of the codings that it has.
    struct Representation: Sendable, Equatable {
        /// The bytes.
        var body: ByteBuffer
        /// The value of `Content-Encoding`.
        var coding: String?
        /// The strong entity tag, quotes included; each coding has its own (RFC 9110 §8.8.3.3).
        var entityTag: String
    }

    /// The body as a client takes it.
    /// - Parameter codings: The value of its `Accept-Encoding`.
    /// - Returns: The bytes as gzip where it takes and has them so.
    func representation(for codings: String?) -> Representation {
        guard let gzip, ContentCoding.preferred(by: codings.map { [$0] } ?? []) == .gzip else {
            return Representation(body: body, coding: nil, entityTag: "\"\(digest)\"")
        }
        return Representation(body: gzip, coding: ContentCoding.gzip.rawValue, entityTag: "\"\(digest)-gzip\"")
    }

    /// Finds the type by the ending of a name.
    private static func contentType(of name: String) -> String {
        let ending = name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...] } ?? ""
        return switch ending {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json", "map": "application/json"
        case "webmanifest": "application/manifest+json"
        case "txt": "text/plain; charset=utf-8"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "webp": "image/webp"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "wasm": "application/wasm"
        default: "application/octet-stream"
        }
    }
}
