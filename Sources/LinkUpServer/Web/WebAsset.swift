import Crypto
import FoundationEssentials
import NIOCore
import Networking

/// A file of the page, ready to be sent.
struct WebAsset: Sendable, Equatable {
    /// The value of `Content-Type`.
    var contentType: String
    /// The bytes.
    var body: ByteBuffer
    /// The strong entity tag, quotes included: half of the SHA-256 of the bytes.
    var entityTag: String

    /// Makes an asset of a file's name and bytes.
    init(name: String, body: ByteBuffer) {
        contentType = Self.contentType(of: name)
        self.body = body
        let digest = SHA256.hash(data: Data(body.readableBytesView))
        entityTag = "\"\(Base64URL.encode(digest.prefix(16)))\""
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
