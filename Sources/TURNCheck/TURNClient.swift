import NIOCore
import STUN
import TURN

/// A result, and how long it took.
struct Timed<Value: Sendable>: Sendable {
    var value: Value
    var duration: Duration
}

/// A client of STUN and TURN on one socket.
struct TURNClient {
    /// What a server has given out.
    struct Allocation: Sendable {
        var relayedAddress: TransportAddress
        var lifetime: UInt32
    }

    /// How often a nonce is replaced before the server is given up: it may fall into the end of one nonce, not of two.
    private static let maximumRenewals = 2

    let socket: ServerSocket
    private let login: Login?
    private let expectedRealm: String?
    private let timeout: Duration
    private var session: LongTermSession?

    /// Makes a client.
    /// - Parameters:
    ///   - socket: A socket to the server.
    ///   - login: Who to be, when the server asks.
    ///   - expectedRealm: The realm that the server must have; `nil` for any.
    ///   - timeout: How long to wait for a response.
    init(socket: ServerSocket, login: Login?, expectedRealm: String?, timeout: Duration) {
        self.socket = socket
        self.login = login
        self.expectedRealm = expectedRealm
        self.timeout = timeout
    }

    /// The realm that the server has named.
    var realm: String? { session?.realm.text }

    /// Asks which address the server sees (RFC 8489 §12).
    /// - Throws: ``CheckFailure``.
    func bind() async throws(CheckFailure) -> Timed<TransportAddress> {
        let start = ContinuousClock.now
        let answer = try await exchange(.binding, session: nil) { _ throws(STUNError) in }
        let duration = start.duration(to: .now)
        guard answer.isSuccess else { throw refusal(of: .binding, by: answer) }
        guard let address = answer.mappedAddress else {
            throw .malformedAnswer("no address in it")
        }
        return Timed(value: address.unmapped, duration: duration)
    }

    /// Asks for a relayed address (RFC 8656 §7), and tells who it is when the server asks for that.
    /// - Throws: ``CheckFailure``.
    mutating func allocate() async throws(CheckFailure) -> Timed<Allocation> {
        let start = ContinuousClock.now
        let answer = try await perform(.allocate) { writer throws(STUNError) in
            try writer.append(RequestedTransport.udp)
        }
        guard let relayed = answer.relayedAddress, let lifetime = answer.lifetime else {
            throw .malformedAnswer("no relayed address or no lifetime")
        }
        let allocation = Allocation(relayedAddress: relayed.unmapped, lifetime: lifetime)
        return Timed(value: allocation, duration: start.duration(to: .now))
    }

    /// Lets a peer in (RFC 8656 §10).
    /// - Throws: ``CheckFailure``.
    mutating func permit(_ peer: TransportAddress) async throws(CheckFailure) {
        _ = try await perform(.permission) { writer throws(STUNError) in
            try writer.append(XORPeerAddress(peer))
        }
    }

    /// Gives a peer a channel (RFC 8656 §12).
    /// - Throws: ``CheckFailure``.
    mutating func bindChannel(_ number: UInt16, to peer: TransportAddress) async throws(CheckFailure) {
        _ = try await perform(.channel) { writer throws(STUNError) in
            try writer.append(ChannelNumber(number))
            try writer.append(XORPeerAddress(peer))
        }
    }

    /// Gives the allocation back (RFC 8656 §8); whether that works is not waited for long.
    mutating func release() async {
        _ = try? await perform(.refresh) { writer throws(STUNError) in
            try writer.append(Lifetime(seconds: 0))
        }
    }

    /// A Send indication (RFC 8656 §11.1).
    static func makeIndication(to peer: TransportAddress, _ payload: ByteBuffer) -> ByteBuffer {
        var writer = STUNMessageWriter(MessageType(.indication, .send), transactionID: .random())
        do throws(STUNError) {
            try writer.append(XORPeerAddress(peer))
            try writer.append(DataAttribute(Array(payload.readableBytesView)))
        } catch {
            preconditionFailure("a short message is not too long")
        }
        return writer.finish()
    }

    /// ChannelData (RFC 8656 §12.4) with a payload of a multiple of four bytes, which needs no padding.
    static func makeChannelData(_ channel: UInt16, _ payload: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMultipleIntegers(channel, UInt16(truncatingIfNeeded: payload.readableBytes))
        bytes.writeImmutableBuffer(payload)
        return bytes
    }

    // MARK: Requests

    private typealias Attributes = (inout STUNMessageWriter) throws(STUNError) -> Void

    /// Sends a request until the server takes it or refuses it for good (RFC 8489 §9.2.5).
    private mutating func perform(
        _ step: CheckFailure.Step,
        _ attributes: Attributes
    ) async throws(CheckFailure) -> Answer {
        var renewals = 0
        while true {
            let answer = try await exchange(step, session: session, attributes)
            if answer.isSuccess { return answer }
            switch answer.error?.code {
            case ErrorCode.unauthenticated.code where session == nil:
                session = try meet(answer)
            case ErrorCode.staleNonce.code where session != nil:
                renewals += 1
                guard renewals <= Self.maximumRenewals, let nonce = answer.nonce else { throw .staleForever }
                session?.renew(nonce)
            default: throw refusal(of: step, by: answer)
            }
        }
    }

    private func meet(_ challenge: Answer) throws(CheckFailure) -> LongTermSession {
        if let expectedRealm, let realm = challenge.realm, realm != expectedRealm { throw .otherRealm(realm) }
        guard let login else { throw .credentialsNeeded(realm: challenge.realm ?? "") }
        return try LongTermSession(challenge, login: login)
    }

    private func refusal(of step: CheckFailure.Step, by answer: Answer) -> CheckFailure {
        guard let error = answer.error else { return .malformedAnswer("no code of an error") }
        return .refused(step, code: error.code, reason: error.reason, alternate: answer.alternateServer)
    }

    private func exchange(
        _ step: CheckFailure.Step,
        session: LongTermSession?,
        _ attributes: Attributes
    ) async throws(CheckFailure) -> Answer {
        let id = TransactionID.random()
        let request: ByteBuffer
        do throws(STUNError) {
            var writer = STUNMessageWriter(MessageType(.request, step.method), transactionID: id)
            try attributes(&writer)
            try session?.sign(&writer)
            try writer.appendFingerprint()
            request = writer.finish()
        } catch {
            throw .malformedAnswer("more in it than a request can carry")
        }
        let response: ByteBuffer
        do {
            let method = step.method
            response = try await socket.send(request, id, timeout: timeout) { [key = session?.key] response in
                Answer.judge(response, to: method, key: key)
            }
        } catch {
            throw error as? CheckFailure ?? .system("\(error)")
        }
        guard let answer = Answer(response) else { throw .notSTUN }
        return answer
    }
}

extension CheckFailure.Step {
    fileprivate var method: Method {
        switch self {
        case .binding: .binding
        case .allocate: .allocate
        case .permission: .createPermission
        case .channel: .channelBind
        case .refresh: .refresh
        }
    }
}
