/// How a connection ends: by its peer, by the server, or by time.
extension HTTPConnectionMachine {
    package enum OnInputClosed: Equatable {
        case close
        /// Give up what waits for an answer, and close.
        case abort
        /// Close once all is sent.
        case closeWhenSent
        case wait
    }

    /// The peer sends no more.
    package mutating func closeInput(at now: Instant) -> OnInputClosed {
        switch state {
        case .idle, .head, .lingering, .gone:
            state = .gone
            return .close
        case .draining:
            state = .closing(awaitsEnd: false)
            return .closeWhenSent
        case .receiving:
            state = .gone
            return .abort
        case .responding(let request):
            persists = false
            if request.isPassed { return .wait }
            state = .gone
            return .abort
        case .closing: return .wait
        }
    }

    package enum OnBroken: Equatable {
        /// Give up what waits for an answer, and answer that the request makes no sense.
        case answer
        case pass
        case close
        case ignore
    }

    /// What came is not HTTP.
    package mutating func receiveBroken(at now: Instant) -> OnBroken {
        switch state {
        case .idle, .draining, .head:
            state = .receiving(Request(length: .unknown, expectsContinue: false, begin: now))
            persists = false
            return .answer
        case .receiving(let request):
            persists = false
            if request.isPassed { return .pass }
            return request.response == .none ? .answer : .close
        // What follows the request that is answered is broken: the answer is the last.
        case .responding:
            persists = false
            return .ignore
        case .closing, .lingering, .gone: return .ignore
        }
    }

    package enum OnQuiesce: Equatable {
        case close
        case closeWhenSent
        case wait
    }

    /// The server stops: whatever can't be answered ends now, the rest by `limit`.
    package mutating func quiesce(by limit: Instant, at now: Instant) -> OnQuiesce {
        quiesceBy = min(quiesceBy ?? limit, limit)
        persists = false
        switch state {
        case .idle, .head, .receiving, .lingering:
            state = .gone
            return .close
        case .draining:
            state = .closing(awaitsEnd: false)
            return .closeWhenSent
        case .responding, .closing: return .wait
        case .gone: return .wait
        }
    }

    // MARK: Time

    /// When ``timeout(unsent:at:)`` is to be called.
    package var deadline: Instant? {
        let deadline: Instant? =
            switch state {
            case .idle(let since): since + timeouts.idle
            case .head(let begin): begin + timeouts.head
            case .receiving(let request):
                earlier(
                    request.begin + timeouts.body + timeouts.time(for: request.received),
                    request.answerBy
                )
            case .responding(let request):
                earlier(nextLook, request.answerBy)
            case .draining, .closing: nextLook
            case .lingering(let until, _): until
            case .gone: nil
            }
        if case .gone = state { return nil }
        return earlier(deadline, quiesceBy)
    }

    /// When it is to be seen again what the peer has taken: two looks show it, within the time that it has.
    private var nextLook: Instant { mark.time + timeouts.response / 2 }

    private func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    package enum OnTimeout: Equatable {
        case wait
        /// Close, and count that the state lasted too long.
        case close(HTTPTimeout?)
    }

    /// A deadline has come, and so many bytes of responses wait for the peer.
    package mutating func timeout(unsent: Int, at now: Instant) -> OnTimeout {
        guard let deadline, deadline <= now else { return .wait }
        if let quiesceBy, quiesceBy <= now { return end(nil) }
        switch state {
        case .idle: return end(.idle)
        case .head: return end(.head)
        case .receiving(let request):
            if let answerBy = request.answerBy, answerBy <= now { return end(.upgrade) }
            return end(.body)
        case .responding(let request):
            if let answerBy = request.answerBy, answerBy <= now { return end(.upgrade) }
            return judgeTaking(unsent, at: now)
        case .draining:
            if unsent == 0 {
                state = .idle(now)
                return .wait
            }
            return judgeTaking(unsent, at: now)
        case .closing: return unsent == 0 ? end(nil) : judgeTaking(unsent, at: now)
        case .lingering: return end(nil)
        case .gone: return .wait
        }
    }

    /// Whether the peer has taken enough since it was last looked at.
    private mutating func judgeTaking(_ unsent: Int, at now: Instant) -> OnTimeout {
        if unsent > 0, let before = mark.unsent {
            let taken = before + (given - mark.given) - unsent
            guard timeouts.time(for: taken) >= now - mark.time else { return end(.response) }
        }
        mark = Mark(time: now, given: given, unsent: unsent)
        return .wait
    }

    private mutating func end(_ timeout: HTTPTimeout?) -> OnTimeout {
        state = .gone
        return .close(timeout)
    }
}
