package import NIOCore

extension Channel {
    /// The descriptor of the channel's socket; `nil` where the channel has none, or is closed.
    ///
    /// For use on the channel's loop, or before the channel is registered there. What SwiftNIO's
    /// `withUnsafeTransportIfAvailable` gives, without its cast to a protocol with arguments: that is looked up by name each
    /// time, for a tenth of what a connection costs.
    package var socketDescriptor: NIOBSDSocket.Handle? {
        (_channelCore as? any NIOTransportAccessibleChannelCore)?.socketDescriptor
    }
}

extension NIOTransportAccessibleChannelCore {
    fileprivate var socketDescriptor: NIOBSDSocket.Handle? {
        (try? withUnsafeTransport { $0 as? NIOBSDSocket.Handle }) ?? nil
    }
}
