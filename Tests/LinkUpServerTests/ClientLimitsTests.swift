import EngineIO
import Locking
import SocketIOTestKit
import Testing

@testable import LinkUpServer

@Suite
final class ClientLimitsTests {
    private let loop = ManualLoop()
    private let limits = ClientLimits()
    private let connections = Mutex(0)

    private func connection(_ address: String = "192.0.2.1") -> TestConnection {
        connections.withLock { count in
            count += 1
            return TestConnection(on: loop, id: "engine \(count)", address: address)
        }
    }

    private func code(_ body: () throws(RequestError) -> Void) -> RequestError.Code? {
        do throws(RequestError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: LimitedAction.allCases.filter { $0.rate.client.burst <= 1000 })
    func countsByConnectionAndByNetwork(action: LimitedAction) throws {
        guard let network = action.rate.network else { return }
        var admitted = 0
        var clients = 0
        while admitted < network.burst, clients < 1000 {
            clients += 1
            let client = limits.client(of: connection("2001:db8::\(String(clients, radix: 16))"), at: loop.now)
            var own = 0
            let left = network.burst - admitted
            let now = loop.now
            while own <= action.rate.client.burst,
                code({ () throws(RequestError) in try client.take(action, at: now) }) == nil
            {
                own += 1
                admitted += 1
            }
            #expect(own == min(action.rate.client.burst, left))
        }
        // A class of 40 that does at once all that each may is not refused.
        #expect(clients >= 40)
        let late = limits.client(of: connection("2001:db8::ffff"), at: loop.now)
        #expect(code { () throws(RequestError) in try late.take(action, at: loop.now) } == .tooManyRequests)
        let other = limits.client(of: connection("2001:db8:0:1::1"), at: loop.now)
        #expect(code { () throws(RequestError) in try other.take(action, at: loop.now) } == nil)
    }

    /// A rate of one connection, and what its network may then.
    @Test(arguments: [(10, 20, 100, 800), (1, 2, 10, 80), (50, 100, 500, 4000)])
    func theRateOfANetworkMovesWithThatOfAConnection(perSecond: Int, burst: Int, network: Int, together: Int) {
        let rate = RequestRates(messages: perSecond).rate(of: .say)
        #expect(rate?.client == Rate(perSecond: perSecond, burst: burst))
        #expect(rate?.network == Rate(perSecond: network, burst: together))
    }

    @Test
    func noLimitIsNone() throws {
        let limits = ClientLimits(RequestRates(messages: nil, signals: nil, requests: nil))
        let client = limits.client(of: connection(), at: loop.now)
        for action in [LimitedAction.say, .signal, .control, .leave] {
            for _ in 0..<30_000 { try client.take(action, at: loop.now) }
        }
    }

    /// What an option leaves alone is as it is without.
    @Test(arguments: LimitedAction.allCases)
    func theDefaultsAreThoseOfTheTable(action: LimitedAction) {
        #expect(RequestRates().rate(of: action) == action.rate)
    }

    @Test
    func refusesWhatIsTooMuchInFlight() throws {
        let network = (0..<Limits.readsOfNetwork / Limits.readsAtOnce).map { _ in
            limits.client(of: connection(), at: loop.now)
        }
        for client in network {
            for _ in 0..<Limits.readsAtOnce { try client.begin(.read) }
            #expect(code { () throws(RequestError) in try client.begin(.read) } == .busy)
            try client.begin(.write)
        }
        let late = limits.client(of: connection(), at: loop.now)
        #expect(code { () throws(RequestError) in try late.begin(.read) } == .busy)
        network[0].end(.read)
        try late.begin(.read)
        late.end(.read)
        network[0].end(.write)
        for _ in 0..<Limits.writesAtOnce { try network[0].begin(.write) }
        #expect(code { () throws(RequestError) in try network[0].begin(.write) } == .busy)
    }

    @Test
    func refusesWhatIsTooMuchForAll() throws {
        for number in 0..<Limits.reads / Limits.readsAtOnce {
            let client = limits.client(of: connection("192.0.2.\(number)"), at: loop.now)
            for _ in 0..<Limits.readsAtOnce { try client.begin(.read) }
        }
        let late = limits.client(of: connection("198.51.100.1"), at: loop.now)
        #expect(code { () throws(RequestError) in try late.begin(.read) } == .busy)
        #expect(limits.readCount == Limits.reads)
    }

    @Test
    func remembersWhoHasDoneSomethingAndForgetsOthers() throws {
        let busy = connection("203.0.113.1")
        try limits.client(of: busy, at: loop.now).take(.signalBytes, 2_000_000, at: loop.now)
        let first = limits.client(of: busy, at: loop.now)
        for number in 0..<5000 {
            let client = connection("10.0.\(number >> 8).\(number & 255)")
            try limits.client(of: client, at: loop.now).take(.enter, at: loop.now)
            loop.advance(by: .milliseconds(1))
        }
        #expect(limits.clientCount < 4200)
        #expect(limits.client(of: busy, at: loop.now) === first)
        loop.advance(by: .seconds(3600))
        for number in 0..<5000 {
            _ = limits.client(of: connection("10.1.\(number >> 8).\(number & 255)"), at: loop.now)
        }
        #expect(limits.clientCount <= 1024 && limits.networkCount <= 1024)
        #expect(limits.client(of: busy, at: loop.now) !== first)
    }

    @Test
    func keepsWhoIsConnected() throws {
        let client = connection()
        let first = limits.client(of: client, at: loop.now)
        first.opened()
        for number in 0..<3000 {
            _ = limits.client(of: connection("10.1.\(number >> 8).\(number & 255)"), at: loop.now)
        }
        #expect(limits.client(of: client, at: loop.now) === first)
    }
}
