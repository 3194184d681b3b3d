import Glibc
import NIOCore
import NIOPosix
import STUN
import TURN
import Testing

@testable import TURNServer

/// Each thing that takes descriptors, at the edge of what the process keeps for itself: it is refused in the protocol's
/// words when one too few is left, goes through with exactly enough, and leaves nothing open.
@Suite(.serialized) struct DescriptorTests {
    /// Something that takes descriptors of a server.
    enum Kind: String, CaseIterable, Codable, Sendable, CustomTestStringConvertible {
        case relay, relayAndReservation, tcpRelay, connectionToPeer, connectionOfPeer, tcpClient, tlsClient

        var testDescription: String { rawValue }

        /// How many have to be free, and are open while it lasts.
        ///
        /// A client's or peer's own socket is in this process too.
        var needed: Int {
            switch self {
            case .relay, .tcpRelay: 1
            case .relayAndReservation, .connectionToPeer, .tcpClient, .tlsClient: 2
            case .connectionOfPeer: 3
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func takesWhatItOpensAndGivesItBack(kind: Kind) async throws {
        await #expect(processExitsWith: .success) { [kind = kind as Kind] in
            let files = try TestCertificateFiles()
            var configuration = TURNServer.Configuration.relaying()
            if kind == .tlsClient {
                configuration.tls = .init(
                    certificateFile: files.certificateFile,
                    privateKeyFile: files.privateKeyFile
                )
            }
            // Makes what the process keeps: the loops of SwiftNIO too.
            try await MultiThreadedEventLoopGroup.singleton.next().submit {}.get()
            try await Descriptors.warmUp()
            let outside = Descriptors.count
            try await withServer(configuration) { server, port in
                var taker = try await Taker(kind, server, port)
                let before = Descriptors.count
                Descriptors.spare(kind.needed - 1)
                // Whoever accepts remembers the limit for a second.
                try await Descriptors.wait(for: "a refusal") {
                    let isGranted = try await taker.take()
                    if isGranted { try await taker.giveBack() }
                    return !isGranted
                }
                try await Descriptors.settle(at: before, "after a refusal")
                Descriptors.spare(kind.needed)
                try await Descriptors.wait(for: "a place") { try await taker.take() }
                try await Descriptors.settle(at: before + kind.needed, "in use")
                try await taker.giveBack()
                try await Descriptors.settle(at: before, "given back")
                // The last is the stop's.
                try await Descriptors.wait(for: "another place") { try await taker.take() }
            }
            try await Descriptors.settle(at: outside, "after the stop")
        }
    }

    /// The two ends that carry what is inside of TLS to another loop, and their ends.
    @Test(arguments: [0, 1, 2, 3])
    func aPairOfSocketsIsTakenWholeOrNotAtAll(spare: Int) async throws {
        await #expect(processExitsWith: .success) { [spare] in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let listener = try TestListener()
            let channel = try await ClientBootstrap(group: group)
                .connect(to: #require(SocketAddress(listener.address))).get()
            let peer = try listener.accept()
            try await Descriptors.warmUp()
            let before = Descriptors.count
            Descriptors.spare(spare)
            let detach: @Sendable () async throws -> CInt = {
                try await channel.eventLoop.submit { try PortSharing.detach(channel) }.get()
            }
            guard spare >= 2 else {
                let error = await #expect(throws: IOError.self) { _ = try await detach() }
                precondition(error?.errnoCode == EMFILE)
                // The connection is as it was.
                precondition(Descriptors.count == before && channel.isActive)
                return
            }
            var descriptor: CInt = -1
            // Refused while libdispatch has a file open.
            try await Descriptors.wait(for: "two places") {
                descriptor = (try? await detach()) ?? -1
                return descriptor >= 0
            }
            let end = try TestSocket(descriptor)
            precondition(Descriptors.count == before + 2)
            try peer.send([1, 2, 3])
            Descriptors.require(try end.receive(exactly: 3) == [1, 2, 3])
            // The connection ends, and the inner end with it; the other is the caller's.
            peer.endOutput()
            Descriptors.require(try end.receive().isEmpty)
            end.endOutput()
            try await Descriptors.settle(at: before, "when one end is left")
        }
    }
}

/// Takes descriptors of a server, and gives them back, as clients and peers do.
private struct Taker {
    private let kind: DescriptorTests.Kind
    private let server: TURNServer
    private let port: Int
    /// Has its connection before anything is counted.
    private let client: TURNTestClient
    /// Takes what was reserved.
    private let successor: TURNTestClient
    private let peers: TestListener
    private var socket: TestSocket?
    private var secure: TLSTestClient?
    private var token: ReservationToken?

    init(_ kind: DescriptorTests.Kind, _ server: TURNServer, _ port: Int) async throws {
        (self.kind, self.server, self.port) = (kind, server, port)
        let isTCP = [.tcpRelay, .connectionToPeer, .connectionOfPeer].contains(kind)
        client = try TURNTestClient(isTCP ? .tcp : .udp, to: "127.0.0.1", port: port)
        Descriptors.require(try isAnswered(client.socket))
        successor = try TURNTestClient(to: "127.0.0.1", port: port)
        peers = try TestListener()
    }

    /// - Returns: Whether it was granted; what is not leaves nothing behind.
    mutating func take() async throws -> Bool {
        switch kind {
        case .relay: return try allocate { try $0.append(RequestedTransport.udp) }
        case .relayAndReservation: return try reserve()
        case .tcpRelay: return try allocate { try $0.append(RequestedTransport.tcp) }
        case .connectionToPeer: return try connectToPeer()
        case .connectionOfPeer: return try await connectPeer()
        case .tcpClient:
            let refused = server.counters.connectionsRefused
            let socket = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            // It may have been closed by then.
            try? socket.send(bindingRequest())
            guard try socket.receive().isEmpty else {
                self.socket = socket
                return true
            }
            let server = server
            try await Descriptors.wait(for: "the count") { server.counters.connectionsRefused == refused + 1 }
            return false
        case .tlsClient:
            guard let secure = try? await TLSTestClient(port: port) else { return false }
            try await secure.send(bindingRequest())
            Descriptors.require(await secure.receive(exactly: 20).count == 20)
            self.secure = secure
            return true
        }
    }

    mutating func giveBack() async throws {
        switch kind {
        case .tcpClient: socket = nil
        case .tlsClient:
            try? await secure?.channel.close()
            secure = nil
        case .relay, .tcpRelay, .connectionToPeer, .connectionOfPeer: try endAllocation()
        case .relayAndReservation:
            try endAllocation()
            guard let token else { return }
            _ = try successor.request(.allocate) { writer in
                try writer.append(RequestedTransport.udp)
                try writer.append(token)
            }
            _ = try successor.request(.refresh) { try $0.append(Lifetime(seconds: 0)) }
        }
    }

    /// What is refused for want of a descriptor gets 508.
    private func allocate(_ body: (inout STUNMessageWriter) throws -> Void) throws -> Bool {
        try isGranted(508) { _ = try client.request(.allocate, body) }
    }

    private mutating func reserve() throws -> Bool {
        try isGranted(508) {
            let answer = try client.request(.allocate) { writer in
                try writer.append(RequestedTransport.udp)
                try writer.append(EvenPort(reservesNext: true))
            }
            token = try STUNMessage(answer.span).first(ReservationToken.self)
        }
    }

    private mutating func endAllocation() throws {
        _ = try client.request(.refresh) { try $0.append(Lifetime(seconds: 0)) }
        socket = nil
    }

    private mutating func connectToPeer() throws -> Bool {
        Descriptors.require(try allocate { try $0.append(RequestedTransport.tcp) })
        let isConnected = try isGranted(447) {
            _ = try client.request(.connect) { try $0.append(XORPeerAddress(peers.address)) }
        }
        if !isConnected { try endAllocation() }
        return isConnected
    }

    private mutating func connectPeer() async throws -> Bool {
        let answer = try client.request(.allocate) { try $0.append(RequestedTransport.tcp) }
        guard let relay = try STUNMessage(answer.span).first(XORRelayedAddress.self)?.address else { return false }
        try client.permit(peers.address)
        let peer = try TestSocket(.tcp, to: "\(relay.ip)", port: Int(relay.port))
        socket = peer
        let client = client
        try await Descriptors.wait(for: "a connection attempt or the end") { client.socket.hasInput || peer.hasInput }
        guard client.socket.hasInput else {
            Descriptors.require(try peer.receive().isEmpty)
            try endAllocation()
            return false
        }
        _ = try client.socket.receive()
        return true
    }

    private func isGranted(_ code: Int, _ work: () throws -> Void) throws -> Bool {
        do {
            try work()
            return true
        } catch let refusal as TURNTestClient.Refused where refusal.code == code {
            return false
        }
    }
}
