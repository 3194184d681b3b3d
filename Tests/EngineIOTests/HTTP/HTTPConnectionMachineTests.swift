import Testing

@testable import EngineIO

/// Every state of an HTTP connection: how long it may last, and what each event does to it.
@Suite struct HTTPConnectionMachineTests {
    typealias Machine = HTTPConnectionMachine

    enum State: String, CaseIterable, CustomTestStringConvertible {
        case head, idle, secondHead, draining, wanted, chunked, unwanted, answered, forbidden, passed
        case pending, passedPending, foreignUpgrade, responding, closing, closingEarly, lingering, upgraded

        var testDescription: String { rawValue }
    }

    private static let begin = ContinuousClock.now
    private static let timeouts = HTTPTimeouts(
        head: .seconds(10),
        body: .seconds(20),
        response: .seconds(30),
        idle: .seconds(40),
        minimumBytesPerSecond: 100
    )

    private func head(
        _ length: Machine.BodyLength = .none,
        expectsContinue: Bool = false,
        persists: Bool = true,
        isVersion10: Bool = false
    ) -> HTTPRequestHeadFacts {
        HTTPRequestHeadFacts(
            bodyLength: length,
            expectsContinue: expectsContinue,
            persists: persists,
            isVersion10: isVersion10,
            target: "/",
            host: "a"
        )
    }

    private func request(
        _ machine: inout Machine,
        _ length: Machine.BodyLength,
        _ body: Machine.Body,
        persists: Bool = true
    ) {
        #expect(machine.receiveHead(head(length, persists: persists), at: Self.begin) == .route)
        _ = machine.route(body, at: Self.begin)
    }

    private func respond(_ machine: inout Machine, isLast: Bool = false) {
        _ = machine.beginResponse(isLast: isLast, at: Self.begin)
        _ = machine.endResponse(at: Self.begin)
    }

    /// A connection that is in a state since ``begin``.
    private func machine(in state: State) -> Machine {
        let begin = Self.begin
        var machine = Machine(timeouts: Self.timeouts, at: begin)
        switch state {
        case .head: break
        case .idle, .secondHead, .draining:
            request(&machine, .none, .unwanted(limit: 10))
            _ = machine.receiveEnd(at: begin)
            machine.giveResponse(state == .draining ? 10_000 : 0)
            respond(&machine)
            if state == .idle { #expect(machine.timeout(unsent: 0, at: begin + .seconds(15)) == .wait) }
            if state == .secondHead { machine.receivePartOfHead(at: begin) }
        case .wanted: request(&machine, .known(5), .wanted(limit: 10))
        case .chunked: request(&machine, .unknown, .wanted(limit: 10))
        case .unwanted: request(&machine, .known(5), .unwanted(limit: 10))
        case .answered:
            request(&machine, .known(5), .unwanted(limit: 10))
            respond(&machine)
        case .forbidden: request(&machine, .none, .forbidden)
        case .passed: request(&machine, .known(5), .passed(answerWithin: nil))
        case .pending:
            request(&machine, .none, .unwanted(limit: 10))
            _ = machine.receiveEnd(at: begin)
        case .passedPending, .foreignUpgrade:
            request(&machine, .none, .passed(answerWithin: state == .foreignUpgrade ? .seconds(1) : nil))
            _ = machine.receiveEnd(at: begin)
        case .responding:
            request(&machine, .none, .passed(answerWithin: nil))
            _ = machine.receiveEnd(at: begin)
            _ = machine.beginResponse(isLast: false, at: begin)
            machine.giveResponse(10_000)
        case .closing:
            request(&machine, .none, .unwanted(limit: 10), persists: false)
            _ = machine.receiveEnd(at: begin)
            machine.giveResponse(10_000)
            respond(&machine)
        case .closingEarly, .lingering:
            request(&machine, .known(5), .unwanted(limit: 10))
            respond(&machine, isLast: true)
            if state == .lingering { #expect(machine.responseSent(limit: 10, at: begin) == .closeOutput) }
        case .upgraded:
            request(&machine, .none, .forbidden)
            #expect(machine.receiveEnd(at: begin) == .upgrade)
            machine.upgrade()
        }
        return machine
    }

    private static let deadlines: [(State, Int?, HTTPTimeout?)] = [
        (.head, 10, .head), (.idle, 40, .idle), (.secondHead, 10, .head), (.draining, 30, .response),
        (.wanted, 20, .body), (.chunked, 20, .body), (.unwanted, 20, .body), (.answered, 20, .body),
        (.forbidden, 20, .body), (.passed, 20, .body), (.pending, 30, .response), (.passedPending, 30, .response),
        (.foreignUpgrade, 1, .upgrade), (.responding, 30, .response), (.closing, 30, .response),
        (.closingEarly, 30, .response), (.lingering, 2, nil), (.upgraded, nil, nil),
    ]

    @Test func eachStateIsInTheTable() {
        #expect(Self.deadlines.map(\.0) == State.allCases)
    }

    @Test(arguments: deadlines)
    func eachStateHasADeadline(state: State, seconds: Int?, timeout: HTTPTimeout?) {
        var machine = machine(in: state)
        guard let seconds else { return #expect(machine.deadline == nil) }
        let deadline = Self.begin + .seconds(seconds)
        // What is on its way is looked at once before.
        if timeout == .response, let look = machine.deadline {
            #expect(look == Self.begin + .seconds(seconds / 2))
            #expect(machine.timeout(unsent: 10_000, at: look) == .wait)
        }
        #expect(machine.deadline == deadline)
        #expect(machine.timeout(unsent: 10_000, at: deadline - .nanoseconds(1)) == .wait)
        #expect(machine.timeout(unsent: 10_000, at: deadline) == .close(timeout))
        #expect(machine.deadline == nil)
    }

    @Test(
        arguments: [
            (.head, .close), (.idle, .close), (.secondHead, .close), (.draining, .closeWhenSent), (.wanted, .abort),
            (.chunked, .abort), (.unwanted, .abort), (.answered, .abort), (.forbidden, .abort), (.passed, .abort),
            (.pending, .abort), (.passedPending, .wait), (.foreignUpgrade, .wait), (.responding, .wait),
            (.closing, .wait), (.closingEarly, .wait), (.lingering, .close), (.upgraded, .close),
        ] as [(State, Machine.OnInputClosed)]
    )
    func thePeerSendsNoMore(state: State, answer: Machine.OnInputClosed) {
        var machine = machine(in: state)
        #expect(machine.closeInput(at: Self.begin) == answer)
    }

    @Test(
        arguments: [
            (.head, .close), (.idle, .close), (.secondHead, .close), (.draining, .closeWhenSent), (.wanted, .close),
            (.chunked, .close), (.unwanted, .close), (.answered, .close), (.forbidden, .close), (.passed, .close),
            (.pending, .wait), (.passedPending, .wait), (.foreignUpgrade, .wait), (.responding, .wait),
            (.closing, .wait), (.closingEarly, .wait), (.lingering, .close), (.upgraded, .wait),
        ] as [(State, Machine.OnQuiesce)]
    )
    func theServerStops(state: State, answer: Machine.OnQuiesce) {
        var machine = machine(in: state)
        let limit = Self.begin + .milliseconds(500)
        #expect(machine.quiesce(by: limit, at: Self.begin) == answer)
        guard answer != .close, state != .upgraded else { return #expect(machine.deadline == nil) }
        #expect(machine.deadline == limit)
        #expect(machine.timeout(unsent: 1, at: limit) == .close(nil))
    }

    @Test(
        arguments: [
            (.head, .answer), (.idle, .answer), (.secondHead, .answer), (.draining, .answer), (.wanted, .answer),
            (.chunked, .answer), (.unwanted, .answer), (.answered, .close), (.forbidden, .answer), (.passed, .pass),
            (.pending, .ignore), (.passedPending, .ignore), (.foreignUpgrade, .ignore), (.responding, .ignore),
            (.closing, .ignore), (.closingEarly, .ignore), (.lingering, .ignore), (.upgraded, .ignore),
        ] as [(State, Machine.OnBroken)]
    )
    func whatComesIsNotHTTP(state: State, answer: Machine.OnBroken) {
        var machine = machine(in: state)
        #expect(machine.receiveBroken(at: Self.begin) == answer)
        // There is one answer, and it is the last.
        if answer == .answer {
            #expect(machine.beginResponse(isLast: false, at: Self.begin) == .ends)
            #expect(machine.endResponse(at: Self.begin) == .closeWhenSent)
            #expect(machine.receiveBroken(at: Self.begin) == .ignore)
        }
    }

    @Test func bytesOfABodyGiveItTime() {
        var machine = machine(in: .chunked)
        #expect(machine.receiveBody(10, at: Self.begin + .seconds(1)) == .take)
        #expect(machine.deadline == Self.begin + .milliseconds(20_100))
    }

    @Test func aPeerThatTakesEnoughMayTakeItsTime() {
        var machine = machine(in: .responding)
        // 100 bytes a second.
        for (count, unsent) in [9_000, 7_500, 6_000].enumerated() {
            #expect(machine.timeout(unsent: unsent, at: Self.begin + .seconds(15 * (count + 1))) == .wait)
        }
        machine.giveResponse(5_000)
        #expect(machine.deadline == Self.begin + .seconds(60))
        // One byte less.
        #expect(machine.timeout(unsent: 9_501, at: Self.begin + .seconds(60)) == .close(.response))
    }

    @Test func anApplicationThatTakesItsTimeIsWaitedFor() {
        var machine = machine(in: .passedPending)
        for count in 1...10 {
            #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(15 * count)) == .wait)
        }
        _ = machine.beginResponse(isLast: false, at: Self.begin + .seconds(151))
        for count in 1...10 {
            #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(151 + 15 * count)) == .wait)
        }
        #expect(machine.endResponse(at: Self.begin + .seconds(301)) == .goOn)
        #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(316)) == .wait)
        #expect(machine.deadline == Self.begin + .seconds(341))
    }

    @Test func whatWasGivenJustNowMayStillWait() {
        var machine = machine(in: .passedPending)
        _ = machine.beginResponse(isLast: false, at: Self.begin)
        #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(15)) == .wait)
        machine.giveResponse(10_000)
        #expect(machine.timeout(unsent: 10_000, at: Self.begin + .seconds(30)) == .wait)
        #expect(machine.timeout(unsent: 10_000, at: Self.begin + .seconds(45)) == .close(.response))
    }

    @Test func whatIsTakenAtOnceLeavesAConnectionIdleFromThen() {
        var machine = machine(in: .draining)
        #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(15)) == .wait)
        #expect(machine.deadline == Self.begin + .seconds(40))
    }

    @Test func whatIsTakenLaterLeavesAConnectionIdleFromThen() {
        var machine = machine(in: .draining)
        #expect(machine.timeout(unsent: 10_000, at: Self.begin + .seconds(15)) == .wait)
        #expect(machine.timeout(unsent: 0, at: Self.begin + .seconds(30)) == .wait)
        #expect(machine.deadline == Self.begin + .seconds(70))
    }

    /// The look at what waits comes no later than the end of the idle time, and then once more only.
    @Test func aShortIdleTimeIsKept() {
        let timeouts = HTTPTimeouts(response: .seconds(30), idle: .seconds(5))
        for unsent in [0, 10_000] {
            var machine = Machine(timeouts: timeouts, at: Self.begin)
            request(&machine, .none, .unwanted(limit: 10))
            _ = machine.receiveEnd(at: Self.begin)
            machine.giveResponse(unsent)
            respond(&machine)
            let end = Self.begin + .seconds(5)
            #expect(machine.deadline == end)
            #expect(machine.timeout(unsent: unsent, at: end) == (unsent == 0 ? .close(.idle) : .wait))
            #expect(machine.deadline == (unsent == 0 ? nil : end + .seconds(15)))
        }
    }

    // MARK: Bodies

    @Test func bodiesAreTakenUpToTheLimit() {
        var machine = machine(in: .chunked)
        #expect(machine.receiveBody(10, at: Self.begin) == .take)
        #expect(machine.receiveBody(1, at: Self.begin) == .tooLarge(11))
        #expect(machine.beginResponse(isLast: false, at: Self.begin) == .ends)
        #expect(machine.endResponse(at: Self.begin) == .closeWhenSent)
        #expect(machine.responseSent(limit: 10, at: Self.begin) == .closeOutput)
        #expect(machine.receiveBody(10, at: Self.begin) == .drop)
        #expect(machine.receiveBody(1, at: Self.begin) == .close)
    }

    @Test func aBodyThatIsAnnouncedTooLargeIsNotWaitedFor() {
        for (length, answer) in [(10, Machine.OnRoute.go), (11, .tooLarge(11))] {
            var machine = Machine(timeouts: Self.timeouts, at: Self.begin)
            _ = machine.receiveHead(head(.known(length)), at: Self.begin)
            #expect(machine.route(.wanted(limit: 10), at: Self.begin) == answer)
            #expect(machine.beginResponse(isLast: false, at: Self.begin) == (length == 10 ? .lasts : .ends))
        }
    }

    @Test func bodiesOfNoInterestAreDroppedUpToTheLimit() {
        var machine = machine(in: .answered)
        #expect(machine.receiveBody(10, at: Self.begin) == .drop)
        #expect(machine.receiveBody(1, at: Self.begin) == .close)
        machine = self.machine(in: .answered)
        #expect(machine.receiveEnd(at: Self.begin) == .drop)
        #expect(machine.receiveHead(head(), at: Self.begin) == .route)
    }

    @Test(arguments: [Machine.BodyLength.known(1), .unknown])
    func anotherProtocolBeginsBehindTheHead(length: Machine.BodyLength) {
        var machine = Machine(timeouts: Self.timeouts, at: Self.begin)
        _ = machine.receiveHead(head(length), at: Self.begin)
        #expect(machine.route(.forbidden, at: Self.begin) == .unexpectedBody)
        #expect(machine.receiveEnd(at: Self.begin) == .drop)
    }

    @Test(
        arguments: [
            (.wanted(limit: 10), .sendContinue, .lasts), (.passed(answerWithin: nil), .sendContinue, .lasts),
            (.unwanted(limit: 10), .go, .ends), (.wanted(limit: 4), .tooLarge(5), .ends),
        ] as [(Machine.Body, Machine.OnRoute, Machine.Persistence)]
    )
    func whoWaitsToSendIsTold(body: Machine.Body, answer: Machine.OnRoute, persistence: Machine.Persistence) {
        var machine = Machine(timeouts: Self.timeouts, at: Self.begin)
        _ = machine.receiveHead(head(.known(5), expectsContinue: true), at: Self.begin)
        #expect(machine.route(body, at: Self.begin) == answer)
        #expect(machine.beginResponse(isLast: false, at: Self.begin) == persistence)
    }

    // MARK: Persistence

    @Test(
        arguments: [
            (true, false, true, .lasts), (false, false, true, .ends), (true, true, true, .lastsIfSaid),
            (true, true, false, .ends), (false, true, true, .ends), (true, false, false, .lasts),
        ] as [(Bool, Bool, Bool, Machine.Persistence)]
    )
    func theClientIsToldWhetherTheConnectionLasts(
        persists: Bool,
        isVersion10: Bool,
        isDelimited: Bool,
        answer: Machine.Persistence
    ) {
        var machine = Machine(timeouts: Self.timeouts, at: Self.begin)
        _ = machine.receiveHead(head(persists: persists, isVersion10: isVersion10), at: Self.begin)
        _ = machine.route(.passed(answerWithin: nil), at: Self.begin)
        _ = machine.receiveEnd(at: Self.begin)
        #expect(machine.beginResponse(isLast: false, isDelimited: isDelimited, at: Self.begin) == answer)
        #expect(machine.endResponse(at: Self.begin) == (answer == .ends ? .closeWhenSent : .goOn))
    }
}
