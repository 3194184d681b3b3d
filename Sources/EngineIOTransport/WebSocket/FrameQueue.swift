import NIOCore

/// The frames that wait to be written to a WebSocket.
///
/// Mostly there is one, for which nothing is allocated.
struct FrameQueue {
    /// A frame above so many bytes is written as it is; copying smaller ones costs less than a place in a vector.
    private static let joinedSize = 4096
    /// The most frames for which the memory is kept when they were written.
    private static let keptCapacity = 64

    private var first: ByteBuffer?
    private var rest: [ByteBuffer] = []
    /// The bytes of the frames.
    private(set) var bytes = 0

    var count: Int { first == nil ? 0 : rest.count + 1 }

    mutating func append(_ frame: ByteBuffer) {
        bytes += frame.readableBytes
        if first == nil { first = frame } else { rest.append(frame) }
    }

    /// Takes the frame if there is no other.
    mutating func takeOnly() -> ByteBuffer? {
        guard rest.isEmpty else { return nil }
        bytes = 0
        return first.take()
    }

    /// Takes all, and writes small ones joined.
    /// - Parameters:
    ///   - joined: The memory for it, which is used again once `write` has let go of it.
    ///   - write: Called with what is to be written, in order.
    mutating func takeAll(joinedIn joined: inout ByteBuffer, _ write: (ByteBuffer) -> Void) {
        joined.clear(minimumCapacity: min(bytes, 4 * Self.joinedSize))
        func add(_ frame: ByteBuffer) {
            if frame.readableBytes <= Self.joinedSize {
                joined.writeImmutableBuffer(frame)
                guard joined.readableBytes >= 4 * Self.joinedSize else { return }
                write(joined)
                joined.clear()
            } else {
                if joined.readableBytes > 0 {
                    write(joined)
                    joined.clear()
                }
                write(frame)
            }
        }
        if let first = first.take() { add(first) }
        for frame in rest { add(frame) }
        if joined.readableBytes > 0 { write(joined) }
        rest.removeAll(keepingCapacity: rest.count <= Self.keptCapacity && rest.count > 2)
        bytes = 0
    }
}
