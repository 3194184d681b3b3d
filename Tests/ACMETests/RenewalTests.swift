import FoundationEssentials
import Testing

@testable import ACME

private let day = 86_400.0
private let begin = Date(timeIntervalSince1970: 1_800_000_000)
private let ninetyDays = Validity(from: begin, to: begin + 90 * day)
private let away = IssuanceError(.unreachable("no route"), step: "the order")

@Suite
struct RenewalTests {
    @Test(
        arguments: [
            (-1.0, Renewal.Standing.notYet), (0, .good), (59.9, .good), (60, .due), (90, .due), (90.1, .ended),
            (36_500, .ended),
        ]
    )
    func aCertificateStands(days: Double, standing: Renewal.Standing) {
        var renewal = Renewal(ninetyDays, jitter: 0)
        let now = begin + days * day
        #expect(renewal.standing(at: now) == standing)
        #expect((renewal.wait(at: now) == .zero) == (standing == .due || standing == .ended))
        #expect(renewal.wait(at: now) <= Renewal.longestWait)
    }

    @Test
    func withoutACertificateItIsTime() {
        var renewal = Renewal(nil, jitter: 0.5)
        #expect(renewal.wait(at: begin) == .zero)
        #expect(renewal.standing(at: begin) == .none)
    }

    @Test
    func jitterMovesRenewalForward() {
        var renewal = Renewal(ninetyDays, jitter: 1)
        #expect(renewal.wait(at: begin + 58.1 * day) > .zero)
        #expect(renewal.wait(at: begin + 58.3 * day) == .zero)
    }

    /// A minute, doubled up to a day.
    @Test
    func pausesGrow() {
        var renewal = Renewal(nil, jitter: 0)
        var pauses: [Double] = []
        for _ in 0..<100 {
            renewal.failed(away, ways: 2, at: begin, jitter: 0.5)
            pauses.append(pause(of: renewal, at: begin))
        }
        #expect(pauses.prefix(4) == [60, 120, 240, 480])
        #expect(pauses[10] == 61_440)
        #expect(pauses[11...].allSatisfy { $0 == day })
    }

    @Test(arguments: [(0.0, 45.0), (0.5, 60), (1, 75), (-7, 45), (7, 75)])
    func jitterSpreadsPauses(jitter: Double, seconds: Double) {
        var renewal = Renewal(nil, jitter: 0)
        renewal.failed(away, ways: 1, at: begin, jitter: jitter)
        #expect(pause(of: renewal, at: begin) == seconds)
    }

    /// Where the page on port 80 is not seen, the certificate on port 443 may be; who is seen on neither waits.
    @Test
    func theOtherWayIsTriedAtOnce() throws {
        let name = try #require(DomainName("talk.example.org"))
        let rejected = IssuanceError(.rejected(name, .http, nil), step: "the order")
        var renewal = Renewal(nil, jitter: 0)
        var pauses: [Double] = []
        for _ in 0..<4 {
            renewal.failed(rejected, ways: 2, at: begin, jitter: 0.5)
            pauses.append(pause(of: renewal, at: begin))
        }
        #expect(pauses == [0, 60, 120, 240])
        #expect(renewal.rejections == 4)
        // An authority that was away says nothing of a way.
        var late = Renewal(nil, jitter: 0)
        late.failed(away, ways: 2, at: begin, jitter: 0.5)
        #expect(pause(of: late, at: begin) == 60 && late.rejections == 0)
        late.failed(rejected, ways: 2, at: begin, jitter: 0.5)
        #expect(pause(of: late, at: begin) == 0 && late.rejections == 1)
        late.failed(rejected, ways: 2, at: begin, jitter: 0.5)
        #expect(pause(of: late, at: begin) == 120)
        var single = Renewal(nil, jitter: 0)
        single.failed(rejected, ways: 1, at: begin, jitter: 0.5)
        #expect(pause(of: single, at: begin) == 60)
    }

    @Test(arguments: [(30, 60.0), (3_600, 3_600), (7 * 86_400, 7 * day), (9_999_999_999, 7 * day)] as [(Int, Double)])
    func anAuthorityIsLeftAloneAsItWishes(seconds: Int, expected: Double) {
        var renewal = Renewal(nil, jitter: 0)
        let limited = IssuanceError(.problem(Problem(.rateLimited)), step: "the order", retryAfter: .seconds(seconds))
        renewal.failed(limited, ways: 2, at: begin, jitter: 0.5)
        #expect(pause(of: renewal, at: begin) == expected)
    }

    @Test
    func shortLivesHaveShortPauses() {
        var renewal = Renewal(Validity(from: begin, to: begin + 6 * day), jitter: 0)
        let now = begin + 4 * day
        for _ in 0..<30 { renewal.failed(away, ways: 1, at: now, jitter: 0.5) }
        #expect(pause(of: renewal, at: now) == 6 * day / 30)
    }

    @Test
    func whoPutsItRightNeedNotWait() {
        var renewal = Renewal(nil, jitter: 0)
        renewal.failed(away, ways: 1, at: begin, jitter: 0.5)
        #expect(renewal.wait(at: begin + 1) > .zero)
        renewal.hurry()
        #expect(renewal.wait(at: begin + 1) == .zero)
        let limited = IssuanceError(.problem(Problem(.rateLimited)), step: "the order", retryAfter: .seconds(3600))
        renewal.failed(limited, ways: 1, at: begin, jitter: 0.5)
        renewal.hurry()
        #expect(renewal.wait(at: begin + 1) > .zero)
        renewal.succeeded(ninetyDays, at: begin)
        renewal.hurry()
        #expect(renewal.wait(at: begin + 1) > .zero)
    }

    /// A clock that runs ahead by months finds each new certificate due, and must not ask for one after the other.
    @Test
    func aClockThatIsAheadDoesNotAskInALoop() {
        var renewal = Renewal(nil, jitter: 0)
        let wrong = begin + 400 * day
        renewal.succeeded(ninetyDays, at: wrong)
        #expect(renewal.standing(at: wrong) == .ended)
        #expect(renewal.wait(at: wrong) > .zero)
        #expect(renewal.wait(at: wrong + 29.9 * day) > .zero)
        #expect(renewal.wait(at: wrong + 30 * day) == .zero)
    }

    @Test
    func aClockThatIsSetBackDoesNotWaitForYears() {
        var renewal = Renewal(nil, jitter: 0)
        renewal.failed(away, ways: 1, at: begin + 4000 * day, jitter: 0.5)
        #expect(renewal.wait(at: begin) == .seconds(60))
        #expect(renewal.wait(at: begin + 60) == .zero)
    }

    @Test
    func aClockThatIsSetForwardIsNoticedInAnHour() {
        var renewal = Renewal(ninetyDays, jitter: 0)
        #expect(renewal.wait(at: begin) == Renewal.longestWait)
        #expect(renewal.wait(at: begin + 61 * day) == .zero)
    }

    /// A certificate that begins later is not asked for again: the next would begin later, too.
    @Test
    func aClockThatIsBehindWaits() {
        var renewal = Renewal(ninetyDays, jitter: 0)
        #expect(renewal.standing(at: begin - 400 * day) == .notYet)
        #expect(renewal.wait(at: begin - 400 * day) == Renewal.longestWait)
    }

    /// A year with certificates of some length, while the authority is away or refuses now and then: there is a good one
    /// all the time, and not many more are asked for than needed.
    @Test(arguments: [(90.0, 5...8), (47, 10...14), (6, 85...100)] as [(Double, ClosedRange<Int>)])
    func aYear(days: Double, expected: ClosedRange<Int>) {
        var numbers = Numbers(state: 7)
        var renewal = Renewal(nil, jitter: numbers.next())
        var now = begin
        var issued = 0
        var tries = 0
        var outage = begin + 20 * day
        while now < begin + 365 * day {
            let wait = renewal.wait(at: now)
            #expect(wait <= Renewal.longestWait)
            guard wait == .zero else {
                now += Double(wait.components.seconds) + Double(wait.components.attoseconds) / 1e18
                continue
            }
            tries += 1
            // An order takes half a minute; every 40 days the authority is away for a day, and each fifth try fails.
            now += 30
            if now >= outage + day { outage += 40 * day }
            if now >= outage || numbers.next() < 0.2 {
                renewal.failed(away, ways: 2, at: now, jitter: numbers.next())
            } else {
                issued += 1
                renewal.succeeded(Validity(from: now - 3_600, to: now - 3_600 + days * day), at: now)
            }
            if issued > 0 {
                let standing = renewal.standing(at: now)
                #expect(standing == .good || standing == .due, "\(now): \(standing)")
            }
        }
        #expect(expected.contains(issued), "\(issued) certificates")
        #expect(tries < issued * 4)
    }

    /// The pause that a renewal is in, by asking as a driver does.
    private func pause(of renewal: Renewal, at start: Date) -> Double {
        var renewal = renewal
        var now = start
        while true {
            let wait = renewal.wait(at: now)
            guard wait > .zero, now < start + 1000 * day else { return now.timeIntervalSince(start) }
            now += Double(wait.components.seconds)
        }
    }
}

/// Numbers from 0 to 1, the same in each run.
private struct Numbers {
    var state: UInt64

    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / Double(1 << 53)
    }
}
