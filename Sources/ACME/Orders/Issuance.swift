public import Crypto
public import FoundationEssentials
import Networking

/// Gets one certificate from a certificate authority (RFC 8555 §7): says what to send and what to do, and is given the
/// answers.
///
/// The driver does what each ``Step`` says, and calls the function that the step names. Everything is bounded: the size of
/// answers, the number of requests, and the time that is spent waiting, so that together with a driver that gives each
/// request a time the whole has an end. After ``Step/issued(_:)`` and ``Step/failed(_:)`` nothing follows.
public struct Issuance: ~Copyable {
    /// What a certificate is asked for with.
    public struct Request: Sendable {
        /// The directory of the authority, an address of `https:`.
        public var directory: String
        /// What the certificate is for; one at least.
        public var names: [DomainName]
        /// An address of mail for the account.
        public var email: String?
        /// The key of the account, by which the authority finds it, or makes one.
        public var account: AccountKey
        /// The key of the certificate, a new one for each.
        public var key: P256.Signing.PrivateKey
        /// What can be answered here, the most wanted first.
        public var kinds: [ChallengeKind]

        /// Makes a request.
        public init(
            directory: String,
            names: [DomainName],
            email: String?,
            account: AccountKey,
            key: P256.Signing.PrivateKey,
            kinds: [ChallengeKind]
        ) {
            self.directory = directory
            self.names = names
            self.email = email
            self.account = account
            self.key = key
            self.kinds = kinds
        }
    }

    /// What is to be done next.
    public enum Step: Sendable {
        /// Send a request, then call ``Issuance/receive(_:at:)``, or ``Issuance/fail(_:)`` where no answer comes.
        case send(ACMERequest)
        /// Make answers ready for the authority, then call ``Issuance/proceed()``. They are wanted until the end.
        case answer([ChallengeAnswer])
        /// Do nothing for so long, then call ``Issuance/proceed()``.
        case wait(Duration)
        /// The certificate.
        case issued(KeyedCertificate)
        /// There is none.
        case failed(IssuanceError)
    }

    /// The most names of one certificate: what Let's Encrypt allows.
    public static let maximumNames = 100
    /// How often a request is sent again for a refused nonce: test servers refuse half of them on purpose.
    static let maximumBadNonces = 20
    /// The most requests: four for each name, polls, and some to spare.
    static let maximumRequests = 1000
    /// How long all waiting may take together; Let's Encrypt takes seconds.
    static let maximumWaiting = Duration.seconds(600)
    /// The longest single wait, whatever the authority asks for.
    static let longestWait = Duration.seconds(60)

    /// What an answer is awaited for.
    enum Stage: Equatable {
        case directory, account, contact, order
        case authorization(Int)
        case challenge(Int)
        case poll(Int)
        case orderStatus, finalize, certificate
        case ended
    }

    /// A challenge that is to be passed.
    struct Chosen {
        var answer: ChallengeAnswer
        var challenge: ResourceAddress
        var authorization: ResourceAddress
    }

    let request: Request
    var stage = Stage.directory
    var directory: Directory?
    /// The address of the account.
    var account: String?
    var orderAddress: ResourceAddress?
    var order: Order?
    var chosen: [Chosen] = []

    private var nonce: String?
    private var isFetchingNonce = false
    /// What is sent again when a nonce was refused.
    private var pending: (url: String, payload: [UInt8])?
    private var badNonces = 0
    private var requests = 0
    private var waited = Duration.zero
    /// How often was waited in a row for one thing.
    private var waits: (count: Int, stage: Stage) = (0, .directory)

    /// Begins; the driver calls ``begin()`` first.
    public init(_ request: Request) {
        self.request = request
    }

    /// Whether a text can be the address of a directory.
    public static func isDirectory(_ text: String) -> Bool { ResourceAddress(text) != nil }

    /// Where the authority's terms are, once its directory is known: whoever has an account has agreed to them.
    public var termsOfService: String? {
        directory?.meta?.termsOfService.flatMap { ResourceAddress($0) }?.text
    }

    /// The first step.
    public mutating func begin() -> Step {
        guard !request.names.isEmpty, request.names.count <= Self.maximumNames else {
            return end(.local("a certificate is for 1 to \(Self.maximumNames) names"))
        }
        guard let address = ResourceAddress(request.directory) else {
            return end(.local("the directory of the certificate authority must be an address of https"))
        }
        requests += 1
        return .send(ACMERequest(method: .get, url: address.text))
    }

    /// No answer came.
    /// - Parameter reason: Why, in words.
    /// - Returns: The end.
    public mutating func fail(_ reason: String) -> Step {
        end(.unreachable(reason))
    }

    /// An answer came.
    /// - Parameters:
    ///   - response: The answer to the request of the last step.
    ///   - now: The time of day, for dates in the answer.
    /// - Returns: What to do next.
    public mutating func receive(_ response: ACMEResponse, at now: Date) -> Step {
        guard stage != .ended else { return end(.local("the order has ended")) }
        if let fresh = response.nonce, Challenge.isUsable(token: fresh) { nonce = fresh }
        let retryAfter = RetryAfter.duration(response.retryAfter, at: now)
        guard response.body.count <= ACMEResponse.maximumBodyLength else {
            return end(.unusableAnswer("it is too long"))
        }
        guard (200...299).contains(response.status) else { return receive(error: response, retryAfter) }
        if isFetchingNonce {
            isFetchingNonce = false
            guard nonce != nil else { return end(.unusableAnswer("it has no nonce")) }
            return sendPending()
        }
        badNonces = 0
        return advance(response, retryAfter)
    }

    /// The answers of the challenges are ready, or the time of a wait is over.
    public mutating func proceed() -> Step {
        switch stage {
        case .challenge(let index): return post(Payload.Ready(), to: chosen[index].challenge.text)
        case .poll(let index): return read(chosen[index].authorization)
        case .orderStatus: return readOrder()
        default: return end(.local("the order does not wait"))
        }
    }

    // MARK: - Requests

    /// Asks for a resource (RFC 8555 §6.3).
    mutating func read(_ address: ResourceAddress) -> Step { send([], to: address.text) }

    mutating func readOrder() -> Step {
        guard let orderAddress else { return end(.unusableAnswer("the order has no address")) }
        stage = .orderStatus
        return read(orderAddress)
    }

    mutating func post(_ payload: some Encodable, to url: String) -> Step {
        do {
            return send(try JSON.encode(payload), to: url)
        } catch {
            return end(.local("a request can't be written: \(error)"))
        }
    }

    private mutating func send(_ payload: [UInt8], to url: String) -> Step {
        pending = (url, payload)
        return sendPending()
    }

    private mutating func sendPending() -> Step {
        guard let (url, payload) = pending, let directory else { return end(.local("there is no request to send")) }
        requests += 1
        guard requests <= Self.maximumRequests else { return end(.tooSlow) }
        guard let nonce = nonce.take() else {
            isFetchingNonce = true
            return .send(ACMERequest(method: .head, url: directory.newNonce.text))
        }
        do {
            let signer = account.map { SignedRequest.Signer.account($0) } ?? .key
            let signed = try SignedRequest(payload, to: url, nonce: nonce, as: signer, with: request.account)
            return .send(ACMERequest(method: .post, url: url, body: try JSON.encode(signed)))
        } catch {
            return end(.local("a request can't be signed: \(error)"))
        }
    }

    private mutating func receive(error response: ACMEResponse, _ retryAfter: Duration?) -> Step {
        guard let problem = JSON.decode(response.body, as: Problem.self) else {
            return end(.status(response.status), retryAfter: retryAfter)
        }
        if problem.kind == .badNonce, !isFetchingNonce, stage != .directory {
            badNonces += 1
            guard badNonces <= Self.maximumBadNonces else { return end(.noncesRefused) }
            return sendPending()
        }
        // An order that was not ready to be finalized may become so (RFC 8555 §7.4).
        if problem.kind == .orderNotReady, stage == .finalize {
            stage = .orderStatus
            return wait(retryAfter)
        }
        return end(.problem(problem), retryAfter: retryAfter)
    }

    // MARK: - Waiting and ending

    /// Waits as long as the authority wants, or a second, then two and more.
    mutating func wait(_ wanted: Duration?) -> Step {
        if waits.stage != stage { waits = (0, stage) }
        let usual = Duration.seconds(min(1 << min(waits.count, 4), 15))
        let duration = min(max(wanted ?? usual, .milliseconds(500)), Self.longestWait)
        waits.count += 1
        waited += duration
        guard waited <= Self.maximumWaiting else { return end(.tooSlow) }
        return .wait(duration)
    }

    mutating func end(_ cause: IssuanceError.Cause, retryAfter: Duration? = nil) -> Step {
        let step = stage.words
        stage = .ended
        return .failed(IssuanceError(cause, step: step, retryAfter: retryAfter))
    }
}

extension Issuance.Stage {
    /// What is being done, for messages.
    var words: String {
        switch self {
        case .directory: "reading its directory"
        case .account: "the account"
        case .contact: "the account's address of mail"
        case .order: "the order"
        case .authorization, .challenge, .poll: "showing that the names are this server's"
        case .orderStatus, .finalize: "the request for the certificate"
        case .certificate: "fetching the certificate"
        case .ended: "the order"
        }
    }
}
