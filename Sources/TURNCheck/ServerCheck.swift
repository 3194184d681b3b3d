import Listening
import NIOCore
import NIOPosix
import STUN
import TURN

/// Checks a STUN or TURN server in each of the ways that its address stands for.
package struct ServerCheck: Sendable {
    let uri: ServerURI
    /// Who to be; `nil` to see only whether the server asks.
    let login: Login?
    /// The realm that the server must have; `nil` for any.
    let realm: String?
    /// Whether any certificate will do.
    let trustsAnyCertificate: Bool
    /// How long each step may take.
    let timeout: Duration

    /// Makes a check.
    /// - Parameters:
    ///   - uri: The server's address.
    ///   - login: Who to be; `nil` to see only whether the server asks.
    ///   - realm: The realm that the server must have; `nil` for any.
    ///   - trustsAnyCertificate: Whether any certificate will do.
    ///   - timeout: How long each step may take.
    package init(uri: ServerURI, login: Login?, realm: String?, trustsAnyCertificate: Bool, timeout: Duration) {
        self.uri = uri
        self.login = login
        self.realm = realm
        self.trustsAnyCertificate = trustsAnyCertificate
        self.timeout = timeout
    }

    /// Runs the check; never fails, the report says what did.
    package func run() async -> CheckReport {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let addresses: [SocketAddress]
        do {
            addresses = Self.oneOfEachFamily(try await HostResolver.resolve(uri.host, port: 0))
        } catch {
            return unresolved()
        }
        var reports: [TransportReport] = []
        for way in uri.ways {
            var tried: [TransportReport] = []
            for var address in addresses {
                address.port = Int(way.port)
                tried.append(await check(way, at: address, on: loop))
            }
            reports += Self.excuseMissingFamily(tried)
        }
        let required = reports.filter(\.required)
        return CheckReport(
            uri: uri.description,
            ok: !required.isEmpty && required.allSatisfy(\.ok),
            transports: reports
        )
    }

    private func unresolved() -> CheckReport {
        let reports = uri.ways.filter(\.isRequired).map { way in
            var report = TransportReport(transport: way.transport, address: nil, required: true)
            let failure = CheckFailure.unknownHost(uri.host)
            report.problem = failure.problem(over: way.transport, port: Int(way.port))
            return report
        }
        return CheckReport(uri: uri.description, ok: false, transports: reports)
    }

    private static func oneOfEachFamily(_ addresses: [SocketAddress]) -> [SocketAddress] {
        [NIOBSDSocket.ProtocolFamily.inet, .inet6].compactMap { family in
            addresses.first { $0.protocol == family }
        }
    }

    /// A server with addresses of both families is not to blame for a network that has one.
    private static func excuseMissingFamily(_ reports: [TransportReport]) -> [TransportReport] {
        guard reports.contains(where: \.ok) else { return reports }
        return reports.map { report in
            var report = report
            if report.problem?.code == "unreachable" { report.required = false }
            return report
        }
    }

    private func check(
        _ way: ServerURI.Way,
        at address: SocketAddress,
        on loop: any EventLoop
    ) async -> TransportReport {
        let transport = way.transport
        let shown = IPAddress(address).map { TransportAddress(ip: $0, port: way.port).description }
        var report = TransportReport(transport: transport, address: shown, required: way.isRequired)
        let isName = IPAddress(uri.host) == nil
        let target = ServerSocket.Target(
            transport: transport,
            address: address,
            serverName: isName ? uri.host : nil,
            trustsAnyCertificate: trustsAnyCertificate
        )
        do throws(CheckFailure) {
            let start = ContinuousClock.now
            let socket = try await ServerSocket.connect(to: target, on: loop, timeout: timeout)
            if transport.isReliable { report.connectMilliseconds = start.duration(to: .now).milliseconds }
            do throws(CheckFailure) {
                try await check(socket, target, on: loop, &report)
                report.ok = true
                await socket.close()
            } catch {
                await socket.close()
                throw error
            }
        } catch {
            report.problem = error.problem(over: transport, port: Int(way.port))
        }
        return report
    }

    private func check(
        _ socket: ServerSocket,
        _ target: ServerSocket.Target,
        on loop: any EventLoop,
        _ report: inout TransportReport
    ) async throws(CheckFailure) {
        let makeClient = { [self] (socket: ServerSocket) in
            TURNClient(socket: socket, login: login, expectedRealm: realm, timeout: timeout)
        }
        var client = makeClient(socket)
        let mapped = try await client.bind()
        report.stun = .init(mappedAddress: "\(mapped.value)", milliseconds: mapped.duration.milliseconds)
        guard uri.scheme.isTURN else { return }
        let allocation: Timed<TURNClient.Allocation>
        do throws(CheckFailure) {
            allocation = try await client.allocate()
        } catch {
            if error == .noAnswer || error == .silent { throw .noTURN }
            guard case .credentialsNeeded = error else { throw error }
            // The server does what it should; how it relays is not for everybody to see.
            report.notes.append(error.problem(over: target.transport, port: target.address.port ?? 0))
            return
        }
        let relayed = allocation.value.relayedAddress
        report.turn = .init(
            relayedAddress: "\(relayed)",
            lifetime: allocation.value.lifetime,
            realm: client.realm,
            milliseconds: allocation.duration.milliseconds
        )
        if client.realm == nil { report.notes.append(.openRelay) }
        let probe = RelayProbe(target: target, loop: loop, timeout: timeout, makeClient: makeClient)
        do throws(CheckFailure) {
            let result = try await probe.run(&client, at: relayed)
            report.relay = .init(way: result.value, milliseconds: result.duration.milliseconds)
            await client.release()
        } catch {
            await client.release()
            throw error
        }
        if let server = IPAddress(target.address), Self.isPublic(server), !Self.isPublic(relayed.ip) {
            throw .privateRelay(relayed.ip)
        }
    }

    private static func isPublic(_ address: IPAddress) -> Bool {
        !PeerPolicy.specialPurpose.contains { $0.contains(address) }
    }
}

extension Problem {
    /// The server relays for everybody.
    fileprivate static let openRelay = Problem(
        "open-relay",
        "The server gives relayed addresses to anybody, without a password.",
        "Give it users or a secret, or strangers will use it."
    )
}
