import ACME
import ACMEClient
import Crypto
import FoundationEssentials
import Locking
import Logging
import ServiceLifecycle

/// Gets the certificate of the server, and the next one in time, for as long as the server runs.
///
/// When, and what is said to the certificate authority, is decided by `Renewal` and `Issuance`; this carries it out.
/// Nothing that goes wrong here ends anything else: the certificate that there is stays.
final class CertificateRenewal: Service {
    /// What a certificate authority is shown, and who wants to know of a new certificate.
    struct Stage: Sendable {
        /// Makes answers ready: pages and certificates.
        var show: @Sendable ([ChallengeAnswer], [ChallengeCertificate]) throws -> Void
        /// The order has ended.
        var clear: @Sendable () -> Void
        /// There is a new file.
        var replace: @Sendable () -> Void
    }

    private struct State {
        /// A certificate that could not be written: it is not asked for twice.
        var unsaved: KeyedCertificate?
        /// By how many seconds the authority's clock is ahead.
        var clockDifference: Double?
        var validity: Validity?
        var hasAgreed = false
        /// Whether to try at once.
        var isHurried = false
        var sleep: Task<Void, Never>?
    }

    /// A difference of clocks that is worth a word, in seconds: certificates begin an hour before they are given out.
    private static let tolerance = 600.0

    private let configuration: ACMEConfiguration
    private let files: ACMEFiles
    private let stage: Stage
    private let logger: Logger
    private let state: Mutex<State>

    /// Makes a renewal that has not begun.
    /// - Parameters:
    ///   - configuration: For which names, and from whom.
    ///   - files: Where the certificate is kept.
    ///   - current: The certificate that there is, if an authority has given it and it is for all names.
    ///   - stage: Who shows what the authority looks for.
    ///   - logger: Where it is said what comes of it.
    init(
        _ configuration: ACMEConfiguration,
        files: ACMEFiles,
        current: KeyedCertificate?,
        stage: Stage,
        logger: Logger
    ) {
        self.configuration = configuration
        self.files = files
        self.stage = stage
        self.logger = logger
        state = Mutex(State(validity: current?.validity))
    }

    /// Renews until the process is told to stop.
    func run() async throws {
        await cancelWhenGracefulShutdown { await self.renew() }
    }

    /// What is wrong with the certificate, a part of a sentence each; empty when all is well.
    func problems(at now: Date = Date()) -> [String] {
        guard let validity = state.withLock({ $0.validity }) else { return ["there is no certificate yet"] }
        return now > validity.to ? ["the certificate has expired"] : []
    }

    /// Tries at once what has failed, unless the authority wants to be left alone: whoever runs the server has put
    /// something right.
    func hurry() {
        let sleep = state.withLock { state in
            state.isHurried = true
            return state.sleep
        }
        sleep?.cancel()
    }

    private func sleep(_ duration: Duration) async {
        let task = Task { _ = try? await Task.sleep(for: duration) }
        let isHurried = state.withLock { state in
            state.sleep = task
            return state.isHurried
        }
        if isHurried { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.sleep = nil }
    }

    private func renew() async {
        var renewal = Renewal(state.withLock { $0.validity }, jitter: .random(in: 0...1))
        var hasWarnedOfClock = false
        while !Task.isCancelled {
            let now = Date()
            if takeHurry() { renewal.hurry() }
            let isTooEarly = renewal.standing(at: now) == .notYet
            if isTooEarly, !hasWarnedOfClock {
                logger.warning(
                    "The certificate is not valid yet: the clock of this machine is behind",
                    metadata: ["now": "\(now.formatted(.iso8601))"]
                )
            }
            hasWarnedOfClock = isTooEarly
            let wait = renewal.wait(at: now)
            guard wait == .zero else {
                await sleep(wait)
                continue
            }
            await attempt(&renewal)
        }
    }

    private func takeHurry() -> Bool {
        state.withLock { state in
            defer { state.isHurried = false }
            return state.isHurried
        }
    }

    /// Tries once, and says what came of it.
    private func attempt(_ renewal: inout Renewal) async {
        let kinds = ChallengeKind.allCases
        // After a rejection the other way is tried.
        let first = renewal.rejections % kinds.count
        let order = Array(kinds[first...] + kinds[..<first])
        let result = await obtain(order)
        stage.clear()
        // The process stops: that is nobody's failure.
        if Task.isCancelled, case .failure = result { return }
        let now = Date()
        switch result {
        case .success(let certificate):
            renewal.succeeded(certificate.validity, at: now)
            state.withLock { $0.validity = certificate.validity }
            stage.replace()
            logger.notice(
                "There is a new certificate",
                metadata: [
                    "names": "\(configuration.names.map(\.description).joined(separator: " "))",
                    "until": "\(certificate.validity.to.formatted(.iso8601))",
                ]
            )
            warnOfClock(certificate.validity, at: now)
        case .failure(let error):
            renewal.failed(error, ways: kinds.count, at: now, jitter: .random(in: 0...1))
            tell(error, renewal.standing(at: now), next: renewal.wait(at: now), at: now)
        }
    }

    private func tell(_ error: IssuanceError, _ standing: Renewal.Standing, next: Duration, at now: Date) {
        var text = "No certificate: \(error)"
        if let difference = state.withLock({ $0.clockDifference }), abs(difference) > Self.tolerance {
            text += "; the clock of this machine is \(difference > 0 ? "behind" : "ahead of") the authority's"
        }
        let time = next == .zero ? "now, in another way" : "in \(next.components.seconds + 1) s"
        let metadata: Logger.Metadata = ["next try": "\(time)"]
        let isBad = standing == .none || standing == .ended
        logger.log(level: isBad ? .error : .warning, "\(text)", metadata: metadata)
    }

    private func warnOfClock(_ validity: Validity, at now: Date) {
        guard now < validity.from || now > validity.to else { return }
        logger.warning(
            "By the clock of this machine the new certificate is not valid: the clock is wrong",
            metadata: ["now": "\(now.formatted(.iso8601))", "from": "\(validity.from.formatted(.iso8601))"]
        )
    }

    private func obtain(_ kinds: [ChallengeKind]) async -> Result<KeyedCertificate, IssuanceError> {
        do {
            let certificate: KeyedCertificate
            if let unsaved = state.withLock({ $0.unsaved }) {
                certificate = unsaved
            } else {
                let request = Issuance.Request(
                    directory: configuration.directory,
                    names: configuration.names,
                    email: configuration.email,
                    account: try files.account(logger: logger),
                    key: P256.Signing.PrivateKey(),
                    kinds: kinds
                )
                certificate = try await order(request).get()
            }
            state.withLock { $0.unsaved = certificate }
            try files.store(certificate.pem)
            state.withLock { $0.unsaved = nil }
            return .success(certificate)
        } catch let error as IssuanceError {
            return .failure(error)
        } catch {
            return .failure(IssuanceError(.local("\(error)"), step: "the certificate"))
        }
    }

    /// Does what an order says, to its end.
    private func order(_ request: Issuance.Request) async -> Result<KeyedCertificate, IssuanceError> {
        let connection = ACMEConnection(rootFile: configuration.rootFile)
        var issuance = Issuance(request)
        var step = issuance.begin()
        var result: Result<KeyedCertificate, IssuanceError>?
        while result == nil {
            switch step {
            case .send(let request):
                do {
                    let response = try await connection.send(request)
                    note(response.date)
                    step = issuance.receive(response, at: Date())
                } catch {
                    step = issuance.fail(ACMEConnection.reason(error))
                }
                tellTerms(issuance.termsOfService)
            case .answer(let answers):
                do {
                    try show(answers)
                    step = issuance.proceed()
                } catch {
                    result = .failure(IssuanceError(.local("a challenge can't be answered: \(error)"), step: "it"))
                }
            case .wait(let duration):
                // Where the process stops, the next request says so.
                try? await Task.sleep(for: duration)
                step = issuance.proceed()
            case .issued(let certificate): result = .success(certificate)
            case .failed(let error): result = .failure(error)
            }
        }
        await connection.close()
        return result ?? .failure(IssuanceError(.tooSlow, step: "the order"))
    }

    private func show(_ answers: [ChallengeAnswer]) throws {
        let certificates = try answers.filter { $0.kind == .tlsALPN }.map { answer in
            try ChallengeCertificate(
                for: answer.name.description,
                keyAuthorization: answer.keyAuthorization,
                at: Date()
            )
        }
        try stage.show(answers.filter { $0.kind == .http }, certificates)
    }

    private func note(_ date: String?) {
        guard let date = RetryAfter.date(date) else { return }
        state.withLock { $0.clockDifference = date.timeIntervalSinceNow }
    }

    private func tellTerms(_ terms: String?) {
        guard let terms, state.withLock({ !$0.hasAgreed }) else { return }
        state.withLock { $0.hasAgreed = true }
        logger.notice("Whoever uses this certificate authority agrees to its terms", metadata: ["terms": "\(terms)"])
    }
}
