import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct ChannelDataTests {
    private static func makeRelay() throws -> TestRelay {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        return relay
    }

    /// RFC 8656 §12.4 to §12.6.
    @Test(
        arguments: [
            ([0x40, 0, 0, 0], 0), ([0x40, 0, 0, 1, 9], 1), ([0x40, 0, 0, 1, 9, 0, 0, 0], 1),
            ([0x40, 0, 0, 4, 1, 2, 3, 4], 4),
            ([0x40, 0, 0, 0, 1, 2, 3, 4], 0), ([0x40, 0, 0, 2, 9], nil), ([0x40, 0, 0xFF, 0xFF, 9], nil),
        ] as [([UInt8], Int?)]
    )
    func countsWhatTheHeaderSays(bytes: [UInt8], count: Int?) throws {
        var relay = try Self.makeRelay()
        let socket = try relay.onlySocket()
        let expected = count.map {
            RelayEngine.OnReceive.relay(
                .init(relay: socket, peer: TestRelay.peer, offset: 4, count: $0, dontFragment: false)
            )
        }
        #expect(relay.receive(bytes, from: relay.flow()) == expected ?? .drop(.malformed))
    }

    @Test(
        arguments: [[], [0x40], [0x40, 0, 0], [0x80, 0, 0, 0], [0xC0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]]
    )
    func otherProtocolsAreDropped(bytes: [UInt8]) throws {
        var relay = try Self.makeRelay()
        #expect(relay.receive(bytes, from: relay.flow()) == .drop(.notTURN))
    }

    @Test(arguments: [0x4001, 0x4FFF, 0x5000, 0x7FFF] as [UInt16])
    func unboundNumbersAreDropped(number: UInt16) throws {
        var relay = try Self.makeRelay()
        #expect(relay.sendChannelData([1], number) == .drop(.noChannel))
    }

    @Test func aNumberIsGoodForItsFlowOnly() throws {
        var relay = try Self.makeRelay()
        #expect(relay.sendChannelData([1], from: TestRelay.client(2)) == .drop(.noAllocation))
        _ = try relay.allocate(from: TestRelay.client(2))
        #expect(relay.sendChannelData([1], from: TestRelay.client(2)) == .drop(.noChannel))
    }

    /// Every beginning of a message and of ChannelData is dropped or relayed, never answered and never a trap.
    @Test func everyTruncationIsHarmless() throws {
        var relay = try Self.makeRelay()
        let flow = relay.flow()
        let indication = try TestRelay.makeIndication { writer in
            try writer.append(XORPeerAddress(TestRelay.peer))
            try writer.append(.data, [1, 2, 3])
        }
        let requests = try [.allocate, .refresh, .createPermission, .channelBind, .connect].map { method in
            try relay.makeRequest(method, from: TestRelay.client()) { try $0.append(XORPeerAddress(TestRelay.peer)) }
        }
        for bytes in [indication, [0x40, 0, 0, 3, 1, 2, 3, 0]] + requests {
            for count in 0..<bytes.count {
                switch relay.receive(Array(bytes.prefix(count)), from: flow) {
                case .drop, .relay: break
                case let other: Issue.record("\(other)")
                }
            }
        }
        #expect(relay.engine.violatedInvariant() == nil)
    }

    /// A length that does not fit 16 bits when the header is added to it.
    @Test func theLongestPayloadPasses() throws {
        var relay = try Self.makeRelay()
        guard case .relay(let relayed) = relay.sendChannelData([UInt8](repeating: 1, count: 65_535)) else {
            throw Missing()
        }
        #expect(relayed.count == 65_535)
    }
}
