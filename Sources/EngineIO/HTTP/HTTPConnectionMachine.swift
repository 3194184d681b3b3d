/// An HTTP/1.1 connection: which state it is in, what each event does, and how long each state may last.
///
/// One request at a time: the driver holds back what follows until the response has ended.
package struct HTTPConnectionMachine: ~Copyable {
    package typealias Instant = ContinuousClock.Instant

    /// How long the body of a request is.
    package enum BodyLength: Sendable, Equatable {
        case none
        case known(Int)
        /// It comes in chunks.
        case unknown
    }

    /// What is to become of the body of a request.
    package enum Body: Sendable, Equatable {
        /// It is dropped; no more of it than the limit is read.
        case unwanted(limit: Int)
        /// It is collected, up to a limit.
        case wanted(limit: Int)
        /// There must be none: another protocol begins behind the head.
        case forbidden
        /// It goes to whoever answers the request, which may have to begin in some time.
        case passed(answerWithin: Duration?)
    }

    /// How far the response to a request is.
    enum Response { case none, begun, ended }

    /// A request in progress.
    struct Request {
        var body = Body.unwanted(limit: 0)
        var length: BodyLength
        var expectsContinue: Bool
        var begin: Instant
        var received = 0
        var response = Response.none
        /// When the response must have begun.
        var answerBy: Instant?

        var isPassed: Bool {
            if case .passed = body { true } else { false }
        }
    }

    enum State {
        /// Between requests since then, with perhaps a rest of the last response that was not taken yet.
        ///
        /// What waits is asked for at the next deadline only: most responses are taken at once.
        case draining(since: Instant)
        /// Between requests since then, with all that was sent taken.
        case idle(Instant)
        /// A head has begun to come.
        case head(Instant)
        /// A request is not complete; its response may be.
        case receiving(Request)
        /// A request is complete, its response is not.
        case responding(Request)
        /// The last response was given; the rest of it is on its way out, and that of its request perhaps on its way in.
        case closing(awaitsEnd: Bool)
        /// The last response has gone, and the peer still sends: it would lose the response if the connection closed.
        case lingering(until: Instant, left: Int)
        /// Closed, or another protocol's.
        case gone
    }

    /// What the peer had taken when it was last looked at.
    struct Mark {
        var time: Instant
        /// The bytes of responses given until then.
        var given = 0
        /// Those of them that waited for the peer; 0 before the first look.
        var unsent = 0
    }

    /// How long the rest of a request is read after its response was the last.
    static let lingerTime = Duration.seconds(2)

    let timeouts: HTTPTimeouts
    /// Two looks in the time that a peer has show what it takes.
    let lookInterval: Duration
    var state: State
    var mark: Mark
    /// The bytes of responses given so far.
    var given = 0
    /// Whether the connection lasts after the current request.
    var persists = true
    /// Whether its client has to be told that it does, as one of HTTP/1.0 has.
    var announcesPersistence = false
    /// When the connection must have ended, since the server stops.
    var quiesceBy: Instant?

    /// A connection of which the first bytes have come.
    package init(timeouts: HTTPTimeouts, at now: Instant) {
        self.timeouts = timeouts
        lookInterval = timeouts.response / 2
        state = .head(now)
        mark = Mark(time: now)
    }

    // MARK: Requests

    /// Bytes came that neither ended a head nor belong to a body.
    package mutating func receivePartOfHead(at now: Instant) {
        switch state {
        case .idle, .draining: state = .head(now)
        case .head, .receiving, .responding, .closing, .lingering, .gone: break
        }
    }

    package enum OnHead: Equatable {
        /// Decide what becomes of it: ``route(_:at:)``.
        case route
        /// The connection is ending: leave it alone.
        case ignore
    }

    /// The head of a request is complete.
    package mutating func receiveHead(_ head: HTTPRequestHeadFacts, at now: Instant) -> OnHead {
        switch state {
        case .idle, .draining, .head:
            persists = head.persists && quiesceBy == nil
            announcesPersistence = head.isVersion10
            state = .receiving(
                Request(length: head.bodyLength, expectsContinue: head.expectsContinue, begin: now)
            )
            return .route
        // The driver holds back requests while one is answered; what comes all the same is none.
        case .receiving, .responding, .closing, .lingering, .gone: return .ignore
        }
    }

    package enum OnRoute: Equatable {
        case go
        /// The client waits to be told that it may send the body (RFC 9110, section 10.1.1).
        case sendContinue
        /// The body is larger than wanted, and not worth waiting for.
        case tooLarge(Int)
        /// There is a body where there must be none.
        case unexpectedBody
    }

    /// What becomes of the body of the request whose head came last.
    package mutating func route(_ body: Body, at now: Instant) -> OnRoute {
        guard case .receiving(var request) = state else { return .go }
        request.body = body
        var answer = OnRoute.go
        switch body {
        case .passed(let time):
            request.answerBy = time.map { now + $0 }
            if request.expectsContinue { answer = .sendContinue }
        case .wanted(let limit):
            if case .known(let length) = request.length, length > limit {
                request.body = .unwanted(limit: limit)
                persists = false
                answer = .tooLarge(length)
            } else if request.expectsContinue {
                answer = .sendContinue
            }
        case .unwanted(let limit):
            // A client that waits to be told to send will not send what nobody wants, and one that sends more than
            // will be read can't go on either.
            if request.expectsContinue { persists = false }
            if case .known(let length) = request.length, length > limit { persists = false }
        case .forbidden:
            if request.length != .none {
                request.body = .unwanted(limit: 0)
                persists = false
                answer = .unexpectedBody
            }
        }
        state = .receiving(request)
        return answer
    }

    package enum OnBody: Equatable {
        case take
        case drop
        case pass
        /// The body, so large or larger, is more than wanted.
        case tooLarge(Int)
        case close
    }

    /// A part of a body came.
    package mutating func receiveBody(_ count: Int, at now: Instant) -> OnBody {
        switch state {
        case .receiving(var request):
            request.received += count
            defer { state = .receiving(request) }
            switch request.body {
            case .passed: return .pass
            case .wanted(let limit):
                guard request.received > limit else { return .take }
                let size = request.received
                persists = false
                request.body = .unwanted(limit: limit)
                request.received = 0
                return .tooLarge(size)
            case .unwanted(let limit):
                guard request.received > limit else { return .drop }
                // Whoever is answered is left in peace for a moment, so that the answer arrives.
                persists = false
                return request.response == .ended ? .close : .drop
            case .forbidden: return .drop
            }
        case .lingering(let until, let left):
            guard count <= left else { return .close }
            state = .lingering(until: until, left: left - count)
            return .drop
        case .idle, .draining, .head, .responding, .closing, .gone: return .drop
        }
    }

    package enum OnEnd: Equatable {
        case take
        case drop
        case pass
        case upgrade
        /// All that was waited for was the rest of the request.
        case close
    }

    /// The request is complete.
    package mutating func receiveEnd(at now: Instant) -> OnEnd {
        let request: Request
        switch state {
        case .receiving(let current): request = current
        case .closing:
            state = .closing(awaitsEnd: false)
            return .drop
        case .lingering:
            state = .gone
            return .close
        case .idle, .draining, .head, .responding, .gone: return .drop
        }
        if request.response == .ended {
            state = .draining(since: now)
            return request.isPassed ? .pass : .drop
        }
        state = .responding(request)
        // The response may be held back since the peer does not take an earlier one.
        mark = Mark(time: now, given: given)
        switch request.body {
        case .unwanted: return .drop
        case .wanted: return .take
        case .forbidden: return .upgrade
        case .passed: return .pass
        }
    }

    /// The connection is another protocol's from now on.
    package mutating func upgrade() {
        state = .gone
    }

    // MARK: Responses

    package enum Persistence: Equatable {
        case lasts
        /// Say `Connection: keep-alive`.
        case lastsIfSaid
        /// Say `Connection: close`.
        case ends
    }

    /// A response begins.
    ///
    /// It is delimited if a client of HTTP/1.0 can tell its end without the end of the connection.
    package mutating func beginResponse(isLast: Bool, isDelimited: Bool = true, at now: Instant) -> Persistence {
        switch state {
        case .receiving(var request):
            request.response = .begun
            request.answerBy = nil
            state = .receiving(request)
        case .responding(var request):
            request.response = .begun
            request.answerBy = nil
            state = .responding(request)
        case .idle, .draining, .head, .closing, .lingering, .gone: break
        }
        mark = Mark(time: now, given: given)
        if isLast || (announcesPersistence && !isDelimited) { persists = false }
        guard persists else { return .ends }
        return announcesPersistence ? .lastsIfSaid : .lasts
    }

    /// So many bytes of a response were given to the channel.
    package mutating func giveResponse(_ count: Int) {
        given += count
    }

    package enum OnResponseEnd: Equatable {
        case goOn
        /// Tell when all is sent: ``responseSent(limit:at:)``.
        case closeWhenSent
    }

    /// The response is complete.
    package mutating func endResponse(at now: Instant) -> OnResponseEnd {
        switch state {
        case .receiving(var request):
            request.response = .ended
            state = persists ? .receiving(request) : .closing(awaitsEnd: true)
        case .responding: state = persists ? .draining(since: now) : .closing(awaitsEnd: false)
        case .idle, .draining, .head, .closing, .lingering, .gone: break
        }
        return persists ? .goOn : .closeWhenSent
    }

    package enum OnResponseSent: Equatable {
        case close
        /// Close the outgoing half only: a connection that is closed while the peer sends is reset, and the response lost.
        case closeOutput
    }

    /// The last response has gone; no more than the limit is read of the rest of its request.
    package mutating func responseSent(limit: Int, at now: Instant) -> OnResponseSent {
        guard case .closing(awaitsEnd: true) = state else {
            state = .gone
            return .close
        }
        state = .lingering(until: now + Self.lingerTime, left: limit)
        return .closeOutput
    }
}
