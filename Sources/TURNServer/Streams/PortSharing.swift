public import NIOCore
import NIOSSL
import NIOTLS

/// Tells TLS, TURN and HTTP apart on one port.
///
/// TLS is known by its first byte, and what is inside by the protocol that was agreed on (ALPN), or else by the first
/// byte again. The first message of a TURN client is a STUN message: it cannot have bound a channel yet, so that letters
/// which could begin ChannelData are HTTP's.
public struct PortSharing: Sendable {
    /// What a connection turned out to be.
    public enum Content: Hashable, Sendable {
        /// STUN and TURN.
        case turn(isSecure: Bool)
        /// HTTP/1.1.
        case http(isSecure: Bool)
    }

    /// What a first byte says.
    enum FirstByte: Hashable {
        case tls
        case turn
        case http
        case unknown

        /// Judges a byte: RFC 7983 §7 for STUN and TLS, a letter for the method of HTTP (RFC 9110 §9).
        init(_ byte: UInt8) {
            switch byte {
            case 0x00...0x03: self = .turn
            case 0x16: self = .tls
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): self = .http
            default: self = .unknown
            }
        }
    }

    let tls: TLSContexts?
    let timeout: TimeAmount
    let onInsecure: @Sendable (any Error, any Channel) -> Void
    let install: @Sendable (Content, any Channel) throws -> Void

    /// Makes a rule.
    /// - Parameters:
    ///   - tls: What TLS is served with; `nil` closes connections that begin with it.
    ///   - timeout: How long it may take to tell, TLS handshake included; 10 s unless given.
    ///   - onInsecure: Called with the error where TLS can't be agreed upon; the connection is closed.
    ///   - install: Adds the handlers for the content at the end of the pipeline, on the channel's loop; an error closes
    ///     the connection. Handlers find the channel active and the bytes that were looked at unread.
    public init(
        tls: TLSContexts?,
        timeout: Duration = .seconds(10),
        onInsecure: @escaping @Sendable (any Error, any Channel) -> Void = { _, _ in },
        install: @escaping @Sendable (Content, any Channel) throws -> Void
    ) {
        self.tls = tls
        self.timeout = TimeAmount(timeout)
        self.onInsecure = onInsecure
        self.install = install
    }

    /// Begins to look at a new connection; on its loop.
    public func add(to channel: any Channel) throws {
        let timer = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
        let handler = PortSharingHandler(self, isSecure: false, timer: timer)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}

/// Waits for what tells the content of a connection, or of the TLS in it, and makes way for its handlers.
private final class PortSharingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let sharing: PortSharing
    private let isSecure: Bool
    private let timer: Scheduled<Void>
    private var isDecided = false
    private var wasHandedOn = false
    /// The beginning of TLS, where the first byte is not enough to choose a certificate.
    private var held: (bytes: ByteBuffer, needed: Int)?

    init(_ sharing: PortSharing, isSecure: Bool, timer: Scheduled<Void>) {
        self.sharing = sharing
        self.isSecure = isSecure
        self.timer = timer
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !wasHandedOn { timer.cancel() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDecided else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        if held != nil {
            held?.bytes.writeBuffer(&bytes)
            guard let held, held.bytes.readableBytes >= held.needed else { return }
            bytes = held.bytes
        }
        guard let byte = bytes.readableBytesView.first else { return }
        switch PortSharing.FirstByte(byte) {
        case .tls where !isSecure:
            guard let tls = sharing.tls else { return context.close(promise: nil) }
            switch tls.choice(for: bytes.readableBytesView, at: context.eventLoop.now) {
            case .context(let chosen): decide(context) { try self.addTLS(chosen, context) }
            case .unknown(let needed):
                held = (bytes, needed)
                return
            }
        case .turn: decide(.turn(isSecure: isSecure), context)
        case .http: decide(.http(isSecure: isSecure), context)
        case .tls, .unknown: return context.close(promise: nil)
        }
        held = nil
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // All that was wanted is the certificate (RFC 8737 §3).
        case TLSUserEvent.handshakeCompleted(TLSContexts.challengeProtocol?) where isSecure:
            isDecided = true
            context.close(promise: nil)
        case TLSUserEvent.handshakeCompleted(let negotiated?) where isSecure:
            let isTURN = TLSContexts.turnProtocols.contains(negotiated)
            decide(isTURN ? .turn(isSecure: true) : .http(isSecure: true), context)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// A handshake that fails, or a connection that breaks.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whoever closes in the middle has no fault to tell of.
        if isSecure, !isDecided, let error = error as? NIOSSLError, error != .uncleanShutdown {
            sharing.onInsecure(error, context.channel)
        }
        context.close(promise: nil)
    }

    private func decide(_ content: PortSharing.Content, _ context: ChannelHandlerContext) {
        decide(context) { try self.sharing.install(content, context.channel) }
    }

    private func decide(_ context: ChannelHandlerContext, _ install: () throws -> Void) {
        isDecided = true
        do {
            try install()
        } catch {
            context.close(promise: nil)
        }
    }

    private func addTLS(_ tls: NIOSSLContext, _ context: ChannelHandlerContext) throws {
        let handler = NIOSSLServerHandler(context: tls)
        wasHandedOn = true
        try context.pipeline.syncOperations.addHandlers([
            handler, PortSharingHandler(sharing, isSecure: true, timer: timer),
        ])
    }
}
