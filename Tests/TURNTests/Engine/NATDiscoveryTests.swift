import NIOCore
import Testing

@testable import STUN
@testable import TURN

@Suite struct NATDiscoveryTests {
    private static let hosts = (IPAddress(ipv4: 0x2D00_0001), IPAddress(ipv4: 0x2D00_0002))
    private static let ports: (UInt16, UInt16) = (3478, 3479)

    private static func makeRelay() throws -> TestRelay {
        var relay = try TestRelay { $0.natDiscovery = NATDiscoveryAddresses(hosts: hosts, ports: ports) }
        for host in [hosts.0, hosts.1] {
            for port in [ports.0, ports.1] {
                _ = relay.engine.register(.udp, at: TransportAddress(ip: host, port: port))
            }
        }
        return relay
    }

    private static func bind(
        _ relay: inout TestRelay,
        at listener: ListenerID,
        _ change: ChangeRequest?
    ) throws -> (ListenerID, TestAnswer) {
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: .random())
        if let change { try writer.append(change) }
        let answer = relay.receive(Array(buffer: writer.finish()), from: relay.flow(over: listener))
        guard case .answer(let listener) = answer else { throw Missing() }
        return (listener, try TestAnswer(relay.engine.answer))
    }

    /// RFC 5780 §6.1: where the answer comes from, and what it says, for each of the four addresses and each change.
    @Test(arguments: [0, 1], [0, 1])
    func answersFromWhereItIsAskedTo(host: Int, port: Int) throws {
        var relay = try Self.makeRelay()
        let address = { (host: Int, port: Int) in
            TransportAddress(ip: host == 0 ? Self.hosts.0 : Self.hosts.1, port: port == 0 ? Self.ports.0 : Self.ports.1)
        }
        let listener = relay.engine.register(.udp, at: address(host, port))
        for (changesAddress, changesPort) in [(false, false), (true, false), (false, true), (true, true)] {
            let change = ChangeRequest(changesAddress: changesAddress, changesPort: changesPort)
            let (from, answer) = try Self.bind(&relay, at: listener, change)
            let origin = address(changesAddress ? 1 - host : host, changesPort ? 1 - port : port)
            #expect(from == relay.engine.register(.udp, at: origin))
            #expect(try answer.first(ResponseOrigin.self)?.address == origin)
            #expect(try answer.first(OtherAddress.self)?.address == address(1 - host, 1 - port))
            #expect(try answer.first(XORMappedAddress.self)?.address == TestRelay.client())
        }
        let (from, answer) = try Self.bind(&relay, at: listener, nil)
        #expect(from == listener)
        #expect(try answer.first(OtherAddress.self)?.address == address(1 - host, 1 - port))
    }

    @Test func overTCPNothingCanBeChanged() throws {
        var relay = try Self.makeRelay()
        let change = ChangeRequest(changesAddress: true, changesPort: false)
        #expect(try Self.bind(&relay, at: relay.tcp, change).1.error == 420)
        let (from, answer) = try Self.bind(&relay, at: relay.tcp, nil)
        #expect(from == relay.tcp)
        #expect(answer.types == [.xorMappedAddress])
    }

    @Test func aServerWithOneAddressSaysNothingOfOthers() throws {
        var relay = try TestRelay()
        #expect(try Self.bind(&relay, at: relay.udp, nil).1.types == [.xorMappedAddress])
        let change = ChangeRequest(changesAddress: false, changesPort: false)
        #expect(try Self.bind(&relay, at: relay.udp, change).1.error == 420)
    }
}
