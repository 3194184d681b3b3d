import Testing

@testable import EngineIO

@Suite struct ConnectionGateTests {
    private let start = ContinuousClock.now

    /// The name of the refusal; `nil` when there was none.
    private func refusal(_ work: () throws(EngineRefusal) -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return error.context["name"]
        }
    }

    @Test func withoutLimitsNothingIsRefusedOrRemembered() {
        var gate = ConnectionGate(ConnectionLimits())
        for _ in 0..<2000 {
            #expect(
                refusal { () throws(EngineRefusal) in try gate.begin(from: IPAddress("192.0.2.1"), at: start) } == nil
            )
            #expect(refusal { () throws(EngineRefusal) in try gate.open(from: IPAddress("192.0.2.1")) } == nil)
        }
        #expect(gate.originCount == 0)
    }

    @Test func connectionsAreLimitedInAllAndFromOneAddress() {
        var gate = ConnectionGate(ConnectionLimits(maxConnections: 3, maxConnectionsPerAddress: 2))
        func open(_ address: String) -> String? {
            refusal { () throws(EngineRefusal) in
                try gate.begin(from: IPAddress(address), at: start)
                try gate.open(from: IPAddress(address))
            }
        }
        #expect(open("192.0.2.1") == nil)
        #expect(open("192.0.2.1") == nil)
        #expect(open("192.0.2.1") == "MAX_CONNECTIONS_PER_ADDRESS")
        #expect(open("192.0.2.2") == nil)
        #expect(open("192.0.2.3") == "MAX_CONNECTIONS")
        gate.close(from: IPAddress("192.0.2.1"))
        #expect(open("192.0.2.1") == nil)
        gate.close(from: IPAddress("192.0.2.1"))
        gate.close(from: IPAddress("192.0.2.1"))
        gate.close(from: IPAddress("192.0.2.2"))
        #expect(gate.originCount == 0)
    }

    @Test func anAddressOfIPv6CountsWithItsNetwork() {
        var gate = ConnectionGate(ConnectionLimits(maxConnectionsPerAddress: 1))
        func open(_ address: String) -> String? {
            refusal { () throws(EngineRefusal) in try gate.open(from: IPAddress(address)) }
        }
        #expect(open("2001:db8::1") == nil)
        #expect(open("2001:db8::ffff:0:0:2") == "MAX_CONNECTIONS_PER_ADDRESS")
        #expect(open("2001:db8:0:1::1") == nil)
        #expect(open("192.0.2.1") == nil)
        #expect(open("192.0.2.2") == nil)
        #expect(open("::ffff:192.0.2.2") == "MAX_CONNECTIONS_PER_ADDRESS")
        #expect(open("") == nil)
        #expect(open("") == "MAX_CONNECTIONS_PER_ADDRESS")
    }

    @Test func handshakesAreLimitedByABucketForEachAddress() throws {
        var gate = ConnectionGate(ConnectionLimits(handshakesPerAddress: Rate(perSecond: 2, burst: 3)))
        let one = IPAddress("192.0.2.1")
        for _ in 0..<3 { try gate.begin(from: one, at: start) }
        #expect(throws: EngineRefusal.tooManyHandshakes(retryAfter: .milliseconds(500))) {
            try gate.begin(from: one, at: start)
        }
        try gate.begin(from: IPAddress("192.0.2.2"), at: start)
        #expect(throws: EngineRefusal.self) { try gate.begin(from: one, at: start + .milliseconds(499)) }
        try gate.begin(from: one, at: start + .milliseconds(500))
        #expect(throws: EngineRefusal.self) { try gate.begin(from: one, at: start + .milliseconds(500)) }
    }

    @Test func passersByAreForgotten() throws {
        var gate = ConnectionGate(ConnectionLimits(handshakesPerAddress: Rate(perSecond: 1)))
        for number in 0..<1024 {
            try gate.begin(from: IPAddress("10.0.\(number / 256).\(number % 256)"), at: start)
        }
        #expect(gate.originCount == 1024)
        try gate.begin(from: IPAddress("192.0.2.1"), at: start + .seconds(1))
        #expect(gate.originCount == 1)
    }
}
