import Testing

@testable import EngineIO

@Suite struct SocketGateTests {
    private func address(_ text: String) -> IPAddress? { IPAddress(text) }

    @Test func thereAreSoManyInAll() {
        var gate = SocketGate(ConnectionLimits(maxSockets: 2))
        for number in 1...2 { #expect(gate.enter(from: address("192.0.2.\(number)"), isProxy: number == 1) == true) }
        #expect(gate.enter(from: address("192.0.2.3"), isProxy: false) == false)
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: true) == false)
        gate.leave(from: address("192.0.2.1"), isProxy: true)
        #expect(gate.enter(from: address("192.0.2.3"), isProxy: false) == true)
    }

    @Test(
        arguments: [
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"),
        ]
    )
    func thereAreSoManyOfANetwork(first: String, second: String, other: String) {
        var gate = SocketGate(ConnectionLimits(maxSocketsPerAddress: 1))
        #expect(gate.enter(from: address(first), isProxy: false) == true)
        #expect(gate.enter(from: address(second), isProxy: false) == false)
        #expect(gate.enter(from: address(other), isProxy: false) == true)
        gate.leave(from: address(first), isProxy: false)
        #expect(gate.enter(from: address(second), isProxy: false) == true)
    }

    @Test func proxiesBringManyClients() {
        var gate = SocketGate(ConnectionLimits(maxSocketsPerAddress: 1))
        for _ in 1...3 { #expect(gate.enter(from: address("192.0.2.1"), isProxy: true) == true) }
        gate.leave(from: address("192.0.2.1"), isProxy: true)
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: false) == true)
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: false) == false)
    }

    @Test func aSocketThatMovedCountsAlthoughThereIsNoRoom() {
        var gate = SocketGate(ConnectionLimits(maxSockets: 1, maxSocketsPerAddress: 1))
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: false) == true)
        gate.enterMoved(from: address("192.0.2.1"), isProxy: false)
        gate.leave(from: address("192.0.2.1"), isProxy: false)
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: false) == false)
        gate.leave(from: address("192.0.2.1"), isProxy: false)
        #expect(gate.enter(from: address("192.0.2.1"), isProxy: false) == true)
    }
}
