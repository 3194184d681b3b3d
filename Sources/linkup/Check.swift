import ArgumentParser
import FoundationEssentials
import TURN
import TURNCheck

/// Says whether a STUN or TURN server works.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether a STUN or TURN server works.",
        discussion: """
            Asks over UDP, TCP and TLS, allocates, and relays a packet there and back. An address without ?transport= \
            asks for UDP, turns: and stuns: for TLS; what else the server speaks is reported all the same. Ends with 0 \
            if all that was asked for works, with 1 if not.
            """
    )

    /// How long a credential is good that is made of `--secret`: longer than any check takes.
    private static let credentialLifetime: UInt32 = 600

    @Argument(
        help: ArgumentHelp(
            "stun:HOST, stuns:HOST, turn:HOST or turns:HOST, with :PORT and ?transport=udp or tcp if need be.",
            valueName: "address"
        )
    )
    var address = "turn:127.0.0.1:3478"

    @Option(help: ArgumentHelp("The user to be.", valueName: "name:password"))
    var user: String?

    @Option(help: "The server's secret, to make a user and a password of.")
    var secret: String?

    @Option(help: "The realm that the server must have. (default: any)")
    var realm: String?

    @Flag(help: "Accept any certificate.")
    var insecure = false

    @Option(help: ArgumentHelp("How long to wait for each answer, in seconds.", valueName: "seconds"))
    var timeout = 5.0

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let uri: ServerURI
        do {
            uri = try ServerURI(address)
        } catch {
            throw OptionError("The address \(error.reason).")
        }
        guard (0.1...600).contains(timeout) else {
            throw OptionError("--timeout must be 0.1 to 600, not \(timeout).")
        }
        let login = try login()
        guard login == nil || uri.scheme.isTURN else {
            throw OptionError("--user and --secret are for TURN: give turn: or turns: as the address.")
        }
        let check = ServerCheck(
            uri: uri,
            login: login,
            realm: realm,
            trustsAnyCertificate: insecure,
            timeout: .milliseconds(Int(timeout * 1000))
        )
        let report = await check.run()
        Console.say(json ? try report.json() : report.text)
        guard report.ok else { throw ExitCode.failure }
    }

    private func login() throws(OptionError) -> Login? {
        guard user == nil || secret == nil else { throw OptionError("--user and --secret exclude each other.") }
        if let secret {
            guard !secret.isEmpty else { throw OptionError("--secret must not be empty.") }
            let expiry = UInt32(clamping: Int(Date().timeIntervalSince1970)).addingReportingOverflow(
                Self.credentialLifetime
            ).partialValue
            let (username, password) = TimeLimitedCredentials(secrets: [secret]).issue(for: "check", until: expiry)
            return Login(username: username, password: password)
        }
        guard let user else { return nil }
        guard let login = Login(user) else { throw OptionError("--user must be NAME:PASSWORD.") }
        return login
    }
}
