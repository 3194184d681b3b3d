package import NIOCore

extension ByteBuffer {
    /// The readable bytes, to be kept for longer than the message that brought them.
    ///
    /// A slice keeps alive the whole buffer that it was read into, which may have 64 KiB; where it is less than half of
    /// that, it is copied.
    package var kept: ByteBuffer {
        guard storageCapacity > 2 * readableBytes else { return self }
        var copy = ByteBuffer()
        copy.writeImmutableBuffer(self)
        return copy
    }
}
