import NIOCore
import NIOHTTP1

/// The body of a POST on its way in.
struct PostBody {
    let isBinary: Bool
    private let limit: Int
    private let declaredLength: Int
    private(set) var bytes = ByteBuffer()

    init(_ head: HTTPRequestHead, limit: Int) {
        let type = head.headers.first(name: "Content-Type") ?? ""
        isBinary = type.lowercased().hasPrefix("application/octet-stream")
        declaredLength = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
        self.limit = limit
    }

    /// Takes more of the body.
    /// - Returns: The size of the body, as far as it is known, when that is more than the limit.
    mutating func append(_ more: ByteBuffer) -> Int? {
        let size = bytes.readableBytes + more.readableBytes
        guard size <= limit else { return max(size, declaredLength) }
        bytes.writeImmutableBuffer(more)
        return nil
    }
}
