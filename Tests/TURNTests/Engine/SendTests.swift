import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct SendTests {
    /// A relay with an IPv4 allocation and a permission for the peer.
    private static func makeRelay() throws -> TestRelay {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.permit(TestRelay.peer)
        return relay
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 1200, 9000])
    func sendsTheDataWithoutItsPadding(count: Int) throws {
        var relay = try Self.makeRelay()
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = try TestRelay.makeIndication { writer in
            try writer.append(XORPeerAddress(TestRelay.peer))
            try writer.append(.data, payload)
        }
        guard case .relay(let relayed) = relay.receive(bytes, from: relay.flow()) else { throw Missing() }
        #expect(Array(bytes[relayed.offset..<(relayed.offset + relayed.count)]) == payload)
        #expect(relayed.peer == TestRelay.peer)
        #expect(try relayed.relay == relay.onlySocket())
        #expect(!relayed.dontFragment)
    }

    private typealias Body = @Sendable (inout STUNMessageWriter) throws -> Void

    private static let bodies: [(String, RelayEngine.Drop?, Body)] = [
        ("no peer", .malformed, { try $0.append(.data, [1]) }),
        ("no data", .malformed, { try $0.append(XORPeerAddress(TestRelay.peer)) }),
        ("nothing", .malformed, { _ in }),
        (
            "malformed peer", .malformed,
            { writer in
                try writer.append(.xorPeerAddress, [0, 1, 0, 0, 1, 1, 1])
                try writer.append(.data, [1])
            }
        ),
        (
            "IPv6 peer", .noRelay,
            { writer in
                try writer.append(XORPeerAddress(TestRelay.ipv6Peer))
                try writer.append(.data, [1])
            }
        ),
        (
            "port 0", .noPermission,
            { writer in
                try writer.append(XORPeerAddress(TransportAddress(ip: TestRelay.peer.ip, port: 0)))
                try writer.append(.data, [1])
            }
        ),
        (
            "unknown attribute", .malformed,
            { writer in
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(AttributeType(rawValue: 0x7FFF), [])
                try writer.append(.data, [1])
            }
        ),
        (
            "optional attribute", nil,
            { writer in
                try writer.append(AttributeType(rawValue: 0xFF05), [1])
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(.data, [1])
            }
        ),
        (
            // RFC 8489 §6.3: what is known and means nothing here is ignored.
            "known attribute", nil,
            { writer in
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(Lifetime(seconds: 1))
                try writer.append(.data, [1])
                try writer.append(Username("user"))
            }
        ),
        (
            "signed", nil,
            { writer in
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(.data, [1])
                try writer.appendMessageIntegrity(key: .shortTerm(password: "x"))
                try writer.appendFingerprint()
            }
        ),
        (
            "peer behind the signature", .malformed,
            { writer in
                try writer.append(.data, [1])
                try writer.appendMessageIntegrity(key: .shortTerm(password: "x"))
                writer.buffer.writeBytes([0, 0x12, 0, 8, 0, 1, 0x3A, 0x4A, 0x20, 0x13, 0xA5, 0x43])
                writer.buffer.setInteger(UInt16(writer.buffer.readableBytes - 20), at: 2)
            }
        ),
        (
            // RFC 8489 §14: of two the first counts.
            "two peers", nil,
            { writer in
                try writer.append(XORPeerAddress(TestRelay.peer))
                try writer.append(XORPeerAddress(TransportAddress(ip: IPAddress(ipv4: 0x0909_0909), port: 1)))
                try writer.append(.data, [1])
                try writer.append(.data, [2, 3])
            }
        ),
    ]

    @Test(arguments: bodies.indices)
    func dropsWhatItCannotCarryOut(index: Int) throws {
        let (name, drop, body) = Self.bodies[index]
        var relay = try Self.makeRelay()
        let bytes = try TestRelay.makeIndication { try body(&$0) }
        let answer = relay.receive(bytes, from: relay.flow())
        if let drop {
            #expect(answer == .drop(drop), "\(name)")
        } else {
            guard case .relay(let relayed) = answer else {
                Issue.record("\(name): \(answer)")
                return
            }
            #expect(relayed.count == 1, "\(name)")
            #expect(relayed.peer == TestRelay.peer, "\(name)")
        }
        #expect(relay.outputs.isEmpty)
    }

    @Test func carriesDontFragment() throws {
        var relay = try Self.makeRelay()
        let bytes = try TestRelay.makeIndication { writer in
            try writer.append(XORPeerAddress(TestRelay.peer))
            try writer.append(DontFragment())
            try writer.append(.data, [1])
        }
        guard case .relay(let relayed) = relay.receive(bytes, from: relay.flow()) else { throw Missing() }
        #expect(relayed.dontFragment)
    }

    @Test func needsAnAllocationOfItsFlow() throws {
        var relay = try Self.makeRelay()
        #expect(try relay.send([1], from: TestRelay.client(2)) == .drop(.noAllocation))
        #expect(try relay.send([1], from: TestRelay.client(1, port: 5001)) == .drop(.noAllocation))
        #expect(try relay.send([1], over: relay.tcp) == .drop(.noAllocation))
    }

    /// Indications and responses are never answered, whatever is in them (RFC 8489 §6.3).
    @Test(arguments: [MessageClass.indication, .successResponse, .errorResponse])
    func nothingButRequestsIsAnswered(messageClass: MessageClass) throws {
        var relay = try Self.makeRelay()
        let methods: [STUN.Method] = [
            .binding, .allocate, .refresh, .send, .data, .createPermission, .channelBind, .connect, .connectionBind,
            .connectionAttempt,
        ]
        for method in methods {
            for isSigned in [true, false] {
                var bytes = try relay.makeRequest(
                    method,
                    from: TestRelay.client(),
                    signature: isSigned ? .good : .missing
                )
                let type = MessageType(messageClass, method).wireValue
                bytes[0] = UInt8(type >> 8)
                bytes[1] = UInt8(type & 0xFF)
                guard case .drop = relay.receive(bytes, from: relay.flow()) else {
                    Issue.record("\(messageClass) of \(method) is answered")
                    continue
                }
                #expect(relay.outputs.isEmpty)
            }
        }
        #expect(relay.tables["allocations"] == 1)
    }

    @Test(
        arguments: [.send, .data, .connectionAttempt, STUN.Method(rawValue: 0x002), STUN.Method(rawValue: 0x080)]
            as [STUN.Method?]
    )
    func requestsOfUnknownMethodsAreDropped(method: STUN.Method?) throws {
        var relay = try Self.makeRelay()
        let bytes = try relay.makeRequest(try #require(method), from: TestRelay.client())
        #expect(relay.receive(bytes, from: relay.flow()) == .drop(.unsupportedMethod))
    }
}
