import NIOCore
import NIOTLS
import STUN

/// Sends requests on one socket and finds what answers them; all on the loop of the socket.
final class TransactionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// RFC 8489 §6.2.1: after how long a request is sent again over UDP; the time doubles each time.
    private static let firstRetransmission = TimeAmount.milliseconds(500)
    /// How often data is sent again to a peer, which nobody acknowledges.
    private static let dataRepetition = TimeAmount.milliseconds(200)

    private struct Transaction {
        var request: ByteBuffer
        var judge: (ByteBuffer) -> Answer.Verdict
        var promise: EventLoopPromise<ByteBuffer>
        var deadline: Scheduled<Void>
        var retransmission: Scheduled<Void>?
        var sawWrongSignature = false
    }

    private struct Expectation {
        var payload: ByteBuffer
        var promise: EventLoopPromise<Void>
        var repetition: RepeatedTask
        var deadline: Scheduled<Void>
    }

    private let transport: Transport
    private let loop: any EventLoop
    /// Succeeds when requests can be sent.
    private let ready: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?
    private var transactions: [TransactionID: Transaction] = [:]
    private var expectation: Expectation?
    private var failure: CheckFailure?

    init(transport: Transport, loop: any EventLoop) {
        self.transport = transport
        self.loop = loop
        ready = loop.makePromise()
    }

    /// Waits until the connection is there, TLS included.
    func becomeReady(within timeout: TimeAmount) -> EventLoopFuture<Void> {
        let this = NIOLoopBound(self, eventLoop: loop)
        let deadline = loop.scheduleTask(in: timeout) { this.value.giveUp() }
        ready.futureResult.whenComplete { _ in deadline.cancel() }
        return ready.futureResult
    }

    /// Sends a request and waits for its response.
    /// - Parameters:
    ///   - request: A whole message.
    ///   - id: Its transaction.
    ///   - timeout: How long to wait in all.
    ///   - judge: What a response is; others than the server's are passed over.
    /// - Returns: The response.
    func send(
        _ request: ByteBuffer,
        _ id: TransactionID,
        timeout: TimeAmount,
        judge: @escaping (ByteBuffer) -> Answer.Verdict
    ) -> EventLoopFuture<ByteBuffer> {
        if let failure { return loop.makeFailedFuture(failure) }
        let this = NIOLoopBound(self, eventLoop: loop)
        let promise = loop.makePromise(of: ByteBuffer.self)
        let deadline = loop.scheduleTask(in: timeout) { this.value.giveUp(id) }
        transactions[id] = Transaction(request: request, judge: judge, promise: promise, deadline: deadline)
        transmit(id, next: Self.firstRetransmission)
        return promise.futureResult
    }

    /// Waits for data from a peer.
    /// - Parameters:
    ///   - payload: The data.
    ///   - timeout: How long to wait.
    ///   - send: Sends it, from wherever; called again and again until it has come.
    /// - Returns: Nothing, when it has come.
    func expect(
        _ payload: ByteBuffer,
        timeout: TimeAmount,
        send: @escaping @Sendable () -> Void
    ) -> EventLoopFuture<Void> {
        if let failure { return loop.makeFailedFuture(failure) }
        let this = NIOLoopBound(self, eventLoop: loop)
        let repetition = loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.dataRepetition) { _ in send() }
        let deadline = loop.scheduleTask(in: timeout) { this.value.endExpectation(.failure(.notRelayed)) }
        let promise = loop.makePromise(of: Void.self)
        expectation = Expectation(payload: payload, promise: promise, repetition: repetition, deadline: deadline)
        return promise.futureResult
    }

    // MARK: What the channel says

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(.closed)
    }

    func channelActive(context: ChannelHandlerContext) {
        if transport != .tls { ready.succeed() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(_)? = event as? TLSUserEvent { ready.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(CheckFailure(error, over: transport))
        if transport.isReliable { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch Incoming(bytes) {
        case .response(let id): receive(bytes, for: id)
        case .data(let payload): receive(payload)
        // A socket of a peer gets the data as it was sent.
        case .foreign: receive(bytes)
        case .irrelevant: break
        }
    }

    private func receive(_ response: ByteBuffer, for id: TransactionID) {
        guard let transaction = transactions[id] else { return }
        switch transaction.judge(response) {
        case .genuine: end(id, .success(response))
        case .otherSignature: transactions[id]?.sawWrongSignature = true
        case .irrelevant: break
        }
    }

    private func receive(_ payload: ByteBuffer) {
        guard expectation?.payload == payload else { return }
        endExpectation(.success(()))
    }

    // MARK: Ends

    private func transmit(_ id: TransactionID, next: TimeAmount) {
        guard let transaction = transactions[id], let context else { return }
        let this = NIOLoopBound(self, eventLoop: loop)
        context.writeAndFlush(wrapOutboundOut(transaction.request)).whenFailure { [transport] error in
            this.value.fail(CheckFailure(error, over: transport))
        }
        guard !transport.isReliable else { return }
        transactions[id]?.retransmission = loop.scheduleTask(in: next) {
            this.value.transmit(id, next: next * 2)
        }
    }

    private func giveUp() {
        ready.fail(silence)
    }

    /// Over TCP and TLS there is a connection by now: no firewall is to blame.
    private var silence: CheckFailure { transport.isReliable ? .silent : .noAnswer }

    private func giveUp(_ id: TransactionID) {
        let sawWrongSignature = transactions[id]?.sawWrongSignature == true
        end(id, .failure(sawWrongSignature ? .wrongSignature : silence))
    }

    private func end(_ id: TransactionID, _ result: Result<ByteBuffer, CheckFailure>) {
        guard let transaction = transactions.removeValue(forKey: id) else { return }
        transaction.deadline.cancel()
        transaction.retransmission?.cancel()
        switch result {
        case .success(let response): transaction.promise.succeed(response)
        case .failure(let failure): transaction.promise.fail(failure)
        }
    }

    private func endExpectation(_ result: Result<Void, CheckFailure>) {
        guard let expectation else { return }
        self.expectation = nil
        expectation.deadline.cancel()
        expectation.repetition.cancel()
        switch result {
        case .success: expectation.promise.succeed()
        case .failure(let failure): expectation.promise.fail(failure)
        }
    }

    /// Ends all that waits; over UDP what comes later has its own chance.
    private func fail(_ failure: CheckFailure) {
        if transport.isReliable { self.failure = self.failure ?? failure }
        ready.fail(failure)
        for id in Array(transactions.keys) { end(id, .failure(failure)) }
        if transport.isReliable { endExpectation(.failure(failure)) }
    }
}
