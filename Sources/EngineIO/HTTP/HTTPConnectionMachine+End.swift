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
        var deadline: Instant
        switch state {
        case .draining(let since): deadline = mark.unsent > 0 ? nextLook : min(since + timeouts.idle, nextLook)
        case .idle(let since): deadline = since + timeouts.idle
        case .head(let begin): deadline = begin + timeouts.head
        case .receiving(let request):
            deadline = request.begin + timeouts.body + timeouts.time(for: request.received)
            if let answerBy = request.answerBy, answerBy < deadline { deadline = answerBy }
        case .responding(let request):
            deadline = nextLook
            if let answerBy = request.answerBy, answerBy < deadline { deadline = answerBy }
        case .closing: deadline = nextLook
        case .lingering(let until, _): deadline = until
        case .gone: return nil
        }
        if let quiesceBy, quiesceBy < deadline { deadline = quiesceBy }
        return deadline
    }

    /// When it is to be seen again what the peer has taken.
    private var nextLook: Instant { mark.time + lookInterval }

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
        case .draining(let since):
            if unsent > 0 { return judgeTaking(unsent, at: now) }
            let since = mark.unsent > 0 ? now : since
            guard since + timeouts.idle > now else { return end(.idle) }
            state = .idle(since)
            return .wait
        case .closing: return unsent == 0 ? end(nil) : judgeTaking(unsent, at: now)
        case .lingering: return end(nil)
        case .gone: return .wait
        }
    }

    /// Whether the peer has taken enough since it was last looked at.
    private mutating func judgeTaking(_ unsent: Int, at now: Instant) -> OnTimeout {
        // What waited at neither look may have been given just now.
        if unsent > 0, mark.unsent > 0 {
            let taken = mark.unsent + (given - mark.given) - unsent
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
