import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct AnswerLimiterTests {
    private static let start = Moment(uptime: 5_000_000_000_000, unix: 1)

    private static func count(
        _ limiter: inout AnswerLimiter,
        _ text: String,
        _ tries: Int,
        at now: Moment = start
    ) throws -> Int {
        let address = try #require(IPAddress(text))
        return (0..<tries).count { _ in limiter.admit(address, at: now) }
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.255", true), ("192.0.2.1", "192.0.3.1", false),
        ("2001:db8:0:100::1", "2001:db8:0:1ff:ffff::", true), ("2001:db8:0:100::1", "2001:db8:0:200::1", false),
    ])
    func aNetworkIsOne(first: String, second: String, isSame: Bool) throws {
        // Networks may share a place by chance: of 20 limiters with secrets of their own, most must tell them apart.
        var apart = 0
        for _ in 0..<20 {
            var limiter = AnswerLimiter(rate: 10)
            #expect(try Self.count(&limiter, first, 30) == 20)
            apart += try Self.count(&limiter, second, 30) == 20 ? 1 : 0
        }
        #expect(isSame ? apart == 0 : apart >= 18)
    }

    @Test func twiceTheRateAtOnceAndTheRateFromThen() throws {
        var limiter = AnswerLimiter(rate: 10)
        #expect(try Self.count(&limiter, "192.0.2.1", 100) == 20)
        var now = Self.start
        now.uptime += 99_000_000
        #expect(try Self.count(&limiter, "192.0.2.1", 100, at: now) == 0)
        now.uptime += 1_000_000
        #expect(try Self.count(&limiter, "192.0.2.1", 100, at: now) == 1)
        now.uptime += 100_000_000_000
        #expect(try Self.count(&limiter, "192.0.2.1", 100, at: now) == 20)
    }

    /// A flood must not starve those in whose name it is sent: they still get the rate.
    @Test func aFloodIsAnsweredAtTheRate() throws {
        var limiter = AnswerLimiter(rate: 200)
        var now = Self.start
        _ = try Self.count(&limiter, "192.0.2.1", 1000)
        var answers = 0
        for _ in 0..<10_000 {
            now.uptime += 1_000_000
            answers += try Self.count(&limiter, "192.0.2.1", 3, at: now)
        }
        #expect((1990...2010).contains(answers))
    }

    @Test(arguments: [("127.0.0.1", 200), ("127.255.255.255", 200), ("::1", 200), ("128.0.0.1", 20), ("::2", 20)])
    func loopbackIsExempt(text: String, count: Int) throws {
        var limiter = AnswerLimiter(rate: 10)
        #expect(try Self.count(&limiter, text, 200) == count)
    }

    @Test func zeroIsNoLimit() throws {
        var limiter = AnswerLimiter(rate: 0)
        #expect(try Self.count(&limiter, "192.0.2.1", 10_000) == 10_000)
    }

    @Test func theClockMayRunOver() throws {
        var limiter = AnswerLimiter(rate: 10)
        let before = Moment(uptime: UInt64(UInt32.max) * 1_000_000, unix: 1)
        #expect(try Self.count(&limiter, "192.0.2.1", 100, at: before) == 20)
        let after = Moment(uptime: before.uptime + 1_000_000_000, unix: 2)
        #expect(try Self.count(&limiter, "192.0.2.1", 100, at: after) == 10)
    }

    /// What is signed is not counted; all other answers are.
    @Test func countsWhatHasNoCredentials() throws {
        var relay = try TestRelay { $0.unauthenticatedRate = 5 }
        let flow = relay.flow()
        var answered = 0
        for index in 0..<40 {
            let bytes: [UInt8]
            switch index % 4 {
            case 0:
                let writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: .random())
                bytes = Array(buffer: writer.finish())
            case 1: bytes = try relay.makeRequest(.allocate, from: TestRelay.client(), signature: .missing)
            case 2: bytes = try relay.makeRequest(.refresh, from: TestRelay.client(), signature: .wrong)
            default: bytes = try relay.makeRequest(.refresh, from: TestRelay.client(), signature: .withoutNonce)
            }
            if case .answer = relay.receive(bytes, from: flow) {
                answered += 1
            } else {
                #expect(relay.receive(bytes, from: flow) == .drop(.rateLimited))
            }
        }
        #expect(answered == 10)
        // A connection's address is no forged one, and who uses one asks once.
        let connection = relay.flow(over: relay.tcp)
        for _ in 0..<40 {
            let bytes = try relay.makeRequest(.allocate, from: TestRelay.client(), signature: .missing)
            guard case .answer = relay.receive(bytes, from: connection) else { throw Missing() }
            let guess = try relay.makeRequest(.allocate, from: TestRelay.client(), signature: .wrong)
            #expect(relay.receive(guess, from: connection) == .drop(.rateLimited))
        }
        #expect(try relay.allocate()?.isSuccess == true)
        #expect(try relay.refresh()?.isSuccess == true)
    }
}
