import NIOCore

/// Passes what one connection brings to another, both ways, and reads no faster than the other side takes.
///
/// Until it has a partner the connection is not read. An end of input is passed on as such, a closed connection closes
/// its partner after what waits for it. Partners are on one loop.
final class SpliceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long what waits may take to leave a connection whose partner is closed.
    private static let closingTimeout = TimeAmount.seconds(10)

    private var context: ChannelHandlerContext?
    private var partner: SpliceHandler?
    /// What came before there was a partner: at most what the system stores, since it comes with the end of the input.
    private var early: ByteBuffer
    private var inputEnded: Bool
    /// Whether the channel would read if it might; it will want to when there is a partner.
    private var isReadHeld = true
    /// What the connection may bring; `nil` for any amount.
    private var budget: TransferBudget?
    /// Reads again when the budget allows it.
    private var pause: Scheduled<Void>?
    private var isFinishing = false
    private var closeTimer: Scheduled<Void>?

    /// Makes a handler for a connection that has brought something already.
    /// - Parameters:
    ///   - early: What came.
    ///   - inputEnded: Whether that is all.
    init(early: ByteBuffer = ByteBuffer(), inputEnded: Bool = false) {
        self.early = early
        self.inputEnded = inputEnded
    }

    /// Begins to pass on.
    /// - Parameters:
    ///   - client: The client's connection.
    ///   - peer: The peer's.
    ///   - budgets: What each may bring; `nil` for any amount.
    static func join(_ client: SpliceHandler, _ peer: SpliceHandler, _ budgets: TransferBudgets? = nil) {
        client.partner = peer
        peer.partner = client
        client.budget = budgets?.fromClient
        peer.budget = budgets?.fromPeers
        client.begin()
        peer.begin()
    }

    private func begin() {
        guard let partner, let context else {
            self.partner?.finish()
            return
        }
        if early.readableBytes > 0 {
            partner.write(early)
            partner.flush()
            early = ByteBuffer()
        }
        if inputEnded { partner.endOutput() }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        resumeReading()
    }

    /// Gives up a connection that goes on elsewhere, and which is not to be used here any more.
    /// - Returns: What came so far, and whether that is all.
    func giveUp() -> (early: ByteBuffer, inputEnded: Bool) {
        (early, inputEnded)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        cancelTimers()
        leavePartner()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        cancelTimers()
        leavePartner()
        context.fireChannelInactive()
    }

    private func cancelTimers() {
        closeTimer?.cancel()
        pause?.cancel()
    }

    private func leavePartner() {
        let partner = partner
        self.partner = nil
        partner?.finish()
    }

    // MARK: From the connection

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard let partner else {
            early.writeBuffer(&bytes)
            return
        }
        partner.write(bytes)
        guard let delay = budget?.spend(bytes.readableBytes, at: .now()) else { return }
        pause?.cancel()
        pause = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.pause = nil
            self.resumeReading()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.flush()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if let partner, partner.isWritable, pause == nil { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.resumeReading() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputEnded = true
            partner?.endOutput()
        case is ChannelShouldQuiesceEvent: finish()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: To the connection

    private var isWritable: Bool {
        context?.channel.isWritable ?? false
    }

    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    private func flush() {
        context?.flush()
    }

    /// Ends the output after what was written; an ended input makes that the end of the connection.
    private func endOutput() {
        guard let context else { return }
        if inputEnded { finish() } else { context.close(mode: .output, promise: nil) }
    }

    private func resumeReading() {
        guard isReadHeld, pause == nil, let context, let partner, partner.isWritable else { return }
        isReadHeld = false
        context.read()
    }

    /// Closes the connection after what was written, or after a while.
    func finish() {
        guard let context, !isFinishing else { return }
        isFinishing = true
        closeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.closingTimeout) {
            self.context?.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.context?.close(promise: nil)
        }
    }
}
