import NIOCore
import STUN
import ServiceLifecycle
import ServiceLifecycleTestKit
import TURNServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct TURNServerTests {
    @Test(arguments: TestSocket.Transport.allCases, ["127.0.0.1", "::1"])
    func everyTransportAndFamilyIsAnswered(transport: TestSocket.Transport, host: String) async throws {
        try await withServer { server, port in
            #expect(Set(server.addresses.map(\.port)) == [UInt16(port)])
            let socket = try TestSocket(transport, to: host, port: port)
            for _ in 0..<3 {
                #expect(try isAnswered(socket))
            }
        }
    }

    @Test(arguments: [
        ("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]), ("localhost", ["127.0.0.1"]), ("::", ["127.0.0.1", "::1"]),
        ("0.0.0.0", ["127.0.0.1"]),
    ])
    func hostnames(hostname: String, reachable: [String]) async throws {
        try await withServer(TURNServer.Configuration(hostname: hostname, port: 0)) { _, port in
            for host in reachable {
                for transport in TestSocket.Transport.allCases {
                    let answered = try isAnswered(transport, at: host, port: port)
                    #expect(answered, "\(host)")
                }
            }
        }
    }

    /// A client hears only from the address that it wrote to, whichever of the machine's that is.
    @Test(arguments: ["127.0.0.2", "127.1.2.3"])
    func answersComeFromTheAddressAsked(host: String) async throws {
        try await withServer { _, port in
            let answered = try isAnswered(.udp, at: host, port: port)
            #expect(answered)
        }
    }

    /// A relay address that no socket can be bound to is named at the start, and not by each client that is refused.
    @Test(arguments: [("198.51.100.7", nil), ("203.0.113.7", "198.51.100.7")] as [(String, String?)])
    func relayAddressesOfOthersAreNamed(publicAddress: String, local: String?) async throws {
        var configuration = TURNServer.Configuration.relaying()
        let bound = try #require(IPAddress(local ?? publicAddress))
        configuration.relayAddresses = [
            .init(publicAddress: try #require(IPAddress(publicAddress)), localAddress: bound)
        ]
        let server = try TURNServer(configuration: configuration)
        let error = await #expect(throws: BindError.self) { try await server.bind() }
        #expect(error?.purpose == .relaying)
        #expect(error?.reason == .addressUnavailable)
        let of = local == nil ? "" : ", which is for \(publicAddress)"
        #expect(error?.description == "cannot relay on 198.51.100.7\(of): this machine does not have the address")
    }

    /// What is refused is counted by its code, but for the first request of everybody.
    @Test func refusalsAreCountedByCode() async throws {
        try await withServer(.relaying()) { server, port in
            let client = try TURNTestClient(to: "127.0.0.1", port: port)
            client.password = "wrong"
            #expect(throws: TURNTestClient.Refused(code: 401)) { try client.allocate() }
            #expect(server.counters.challenged == 1)
            #expect(server.counters.refused == 1)
            #expect(server.counters.refusals == [401: 1])
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        try await withServer(TURNServer.Configuration(hostname: "127.0.0.1", port: 0)) { _, port in
            let other = try TURNServer(configuration: TURNServer.Configuration(hostname: "127.0.0.1", port: port))
            let error = await #expect(throws: BindError.self) { try await other.bind() }
            #expect(error?.reason == .addressInUse)
            #expect(error?.address == "127.0.0.1:\(port)")
            let text = "cannot listen for STUN and TURN on 127.0.0.1:\(port) (UDP): the address is already in use"
            #expect(error?.description == text)
        }
    }

    @Test(arguments: [
        ("192.0.2.1", BindError.Reason.addressUnavailable), ("no such name.invalid", .unknownHost),
    ])
    func badAddressesAreNamed(hostname: String, reason: BindError.Reason) async throws {
        let server = try TURNServer(configuration: TURNServer.Configuration(hostname: hostname, port: 0))
        let error = await #expect(throws: BindError.self) { try await server.bind() }
        #expect(error?.reason == reason)
        #expect(error?.address.hasPrefix(hostname) == true)
    }

    /// After a failed start nothing is left behind: the same port can be had a moment later.
    @Test func aFailedStartFreesItsSockets() async throws {
        try await withServer(TURNServer.Configuration(hostname: "127.0.0.1", port: 0)) { _, port in
            // UDP and TCP on [::1] are free, on 127.0.0.1 they are not.
            let both = try TURNServer(configuration: TURNServer.Configuration(port: port))
            await #expect(throws: BindError.self) { try await both.bind() }
            try await withServer(TURNServer.Configuration(hostname: "::1", port: port)) { _, _ in }
        }
    }

    @Test func serversStartOnce() async throws {
        try await withServer { server, _ in
            let error = await #expect(throws: BindError.self) { try await server.bind() }
            #expect(error?.reason == .alreadyStarted)
        }
    }

    @Test func closingFreesThePort() async throws {
        // The system may hand a port that has just become free to any other program; it does not do so every time.
        for _ in 0..<20 {
            let first = try TURNServer(configuration: TURNServer.Configuration(port: 0))
            let port = try await first.bind().port
            let connection = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            #expect(try isAnswered(connection))
            await first.close()
            #expect(first.addresses.isEmpty)
            #expect(try connection.receive().isEmpty)
            do {
                return try await withServer(TURNServer.Configuration(port: port)) { _, port in
                    let answered = try isAnswered(.udp, at: "127.0.0.1", port: port)
                    #expect(answered)
                }
            } catch let error as BindError where error.reason == .addressInUse {
                continue
            }
        }
        Issue.record("no port could be had again")
    }

    @Test func gracefulShutdownEndsRun() async throws {
        let server = try TURNServer(configuration: TURNServer.Configuration(port: 0))
        let port = try await server.bind().port
        try await testGracefulShutdown { trigger in
            async let running: Void = server.run()
            #expect(try isAnswered(.udp, at: "127.0.0.1", port: port))
            trigger.triggerGracefulShutdown()
            try await running
        }
        #expect(server.addresses.isEmpty)
    }

    @Test func runListensIfNobodyDidAndEndsWithClose() async throws {
        let server = try TURNServer(configuration: TURNServer.Configuration(port: 0))
        async let running: Void = server.run()
        while server.addresses.isEmpty {
            await Task.yield()
        }
        await server.close()
        try await running
    }

    @Test func cancellationEndsRun() async throws {
        let server = try TURNServer(configuration: TURNServer.Configuration(port: 0))
        try await server.bind()
        let running = Task { try await server.run() }
        running.cancel()
        try await running.value
        #expect(server.addresses.isEmpty)
    }
}
