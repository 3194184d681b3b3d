import NIOCore
import NIOHTTP1

/// The body of a POST on its way in.
struct PostBody {
    let isBinary: Bool
    /// The size that the head says; 0 if it says none.
    let declaredLength: Int
    private(set) var bytes = ByteBuffer()

    init(_ head: HTTPRequestHead) {
        let type = head.headers.first(name: "Content-Type") ?? ""
        isBinary = type.lowercased().hasPrefix("application/octet-stream")
        declaredLength = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
    }

    /// Takes more of the body.
    mutating func append(_ more: ByteBuffer) {
        bytes.writeImmutableBuffer(more)
    }
}
