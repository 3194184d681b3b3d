import STUN
import Testing

@testable import TURN

/// What an allocation may do when its credential has ended.
@Suite struct CredentialEndTests {
    private static let credentials = TimeLimitedCredentials(secrets: ["secret"])

    /// Cut, as the RFC has it; or gone on with, by its user alone and in its flow alone.
    @Test(arguments: [true, false])
    func allocationsEndOrGoOn(endsWithCredentials: Bool) throws {
        let revoked = RevokedUsers()
        let realm = try Realm(TestRelay.realm)
        var relay = try TestRelay { configuration in
            configuration.endsWithCredentials = endsWithCredentials
            configuration.authenticator = Authenticator(
                realm: realm,
                nonces: NonceIssuer(secret: [UInt8](0..<32)),
                providers: [Self.credentials],
                revoked: revoked
            )
        }
        let (kim, password) = Self.credentials.issue(for: "kim", until: relay.now.unix + 100)
        let (lee, other) = Self.credentials.issue(for: "lee", until: relay.now.unix + 100)
        let answer = try relay.allocate(user: kim, password: password)
        #expect(try answer?.first(Lifetime.self)?.seconds == (endsWithCredentials ? 100 : 600))
        relay.pass(seconds: 200)
        #expect(try relay.refresh(user: kim, password: password)?.error == (endsWithCredentials ? 401 : nil))
        #expect(relay.sockets.count == (endsWithCredentials ? 0 : 1))
        // Nobody else, nowhere else, and not by another password.
        #expect(try relay.refresh(user: lee, password: other)?.error == 401)
        #expect(try relay.refresh(user: kim, password: "wrong")?.error == 401)
        #expect(try relay.allocate(from: TestRelay.client(2), user: kim, password: password)?.error == 401)
        relay.engine.endAllocations(of: .identity("kim"))
        relay.drain()
        #expect(relay.sockets.isEmpty)
        #expect(try relay.refresh(user: kim, password: password)?.error == 401)
    }

    /// The end of a credential is a date: a clock that is before 1970, or beyond 2106, traps nothing.
    @Test(arguments: [UInt32.min, 1, UInt32.max - 1, UInt32.max])
    func datesAtTheEdgesTrapNothing(unix: UInt32) throws {
        var relay = try TestRelay(providers: [Self.credentials])
        relay.now.unix = unix
        for expiry in [0, 1, UInt32.max] {
            let (user, password) = Self.credentials.issue(for: "kim", until: expiry)
            let client = TestRelay.client(expiry % 10)
            let answer = try relay.allocate(from: client, user: user, password: password)
            #expect(answer?.isSuccess == (expiry > unix))
        }
    }

    /// Lifetimes don't notice a clock that is set.
    @Test(arguments: [0, 500_000, UInt32.max])
    func aClockThatIsSetEndsNothing(unix: UInt32) throws {
        var relay = try TestRelay()
        _ = try relay.allocate()
        _ = try relay.bind(0x4000)
        relay.now.unix = unix
        relay.engine.timeout(at: relay.now)
        relay.drain()
        guard case .relay = relay.sendChannelData([1]) else { throw Missing() }
        relay.pass(nanoseconds: 599_000_000_000)
        #expect(relay.sockets.count == 1)
        relay.pass(nanoseconds: 1_000_000_000)
        #expect(relay.sockets.isEmpty)
    }
}
