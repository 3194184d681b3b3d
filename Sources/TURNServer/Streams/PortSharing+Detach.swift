import Listening
public import NIOCore
import NIOPosix

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension PortSharing {
    /// Gives a socket that carries what a connection carries behind the handlers that it has now.
    ///
    /// For those who have to take a connection to another loop, which the state of TLS cannot follow. Another handler passes
    /// everything on, both ways, and reads no faster than it is taken; when one of both is closed, so is the other, after
    /// what waits for it.
    /// - Parameters:
    ///   - channel: The connection; called on its loop.
    ///   - handler: After which handler it stands; nothing that is read gets to those behind it. At the end of the pipeline
    ///     unless given.
    /// - Returns: A stream socket that the caller owns.
    /// - Throws: `IOError` if the process has no descriptors left, or only those that it keeps for itself.
    public static func detach(
        _ channel: any Channel,
        after handler: (any ChannelHandler)? = nil
    ) throws -> NIOBSDSocket.Handle {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = CInt(SOCK_STREAM.rawValue)
        #endif
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw IOError(errnoCode: errno, reason: "socketpair")
        }
        let reserve = DescriptorReserve.current
        guard ends.allSatisfy(reserve.admits) else {
            for end in ends { close(end) }
            throw IOError(errnoCode: EMFILE, reason: "socketpair")
        }
        let outer = SpliceHandler()
        do {
            try channel.pipeline.syncOperations.addHandler(outer, position: handler.map { .after($0) } ?? .last)
        } catch {
            for end in ends { close(end) }
            throw error
        }
        let bound = NIOLoopBound(outer, eventLoop: channel.eventLoop)
        ClientBootstrap(group: channel.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SpliceHandler())
                }
            }
            .withConnectedSocket(ends[0])
            .whenComplete { result in
                guard case .success(let inner) = result,
                    let handler = try? inner.pipeline.syncOperations.handler(type: SpliceHandler.self)
                else { return bound.value.finish() }
                SpliceHandler.join(bound.value, handler)
            }
        return ends[1]
    }
}
