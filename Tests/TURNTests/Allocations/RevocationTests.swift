import STUN
import Testing

@testable import TURN

@Suite struct RevocationTests {
    private static let credentials = TimeLimitedCredentials(secrets: ["secret"])

    /// What ends of allocations of `EXPIRY:kim`, a later one of hers, and others.
    @Test(
        arguments: [
            (.identity("kim"), [1, 2]), (.name("1001000:kim"), [1]), (.name("kim"), [4]), (.identity("user"), []),
            (.identity("1001000:kim"), []), (.identity("ki"), []),
        ] as [(RevokedUser, Set<UInt32>)]
    )
    func allocationsOfTheUserEnd(revoked: RevokedUser, ended: Set<UInt32>) throws {
        let list = RevokedUsers()
        let users = StaticCredentials(["kim": "pass"], realm: TestRelay.realm)
        let realm = try Realm(TestRelay.realm)
        var relay = try TestRelay { configuration in
            configuration.authenticator = Authenticator(
                realm: realm,
                nonces: NonceIssuer(secret: [UInt8](0..<32)),
                providers: [users, Self.credentials],
                revoked: list
            )
        }
        let names = [
            1: Self.credentials.issue(for: "kim", until: 1_001_000),
            2: Self.credentials.issue(for: "kim", until: 1_001_001),
            3: Self.credentials.issue(for: "lee", until: 1_001_000),
            4: ("kim", "pass"),
        ]
        func allocate(_ relay: inout TestRelay, _ number: UInt32) throws -> TestAnswer? {
            guard let (user, password) = names[Int(number)] else { throw Missing() }
            return try relay.allocate(from: TestRelay.client(number), user: user, password: password)
        }
        for number: UInt32 in 1...4 { #expect(try allocate(&relay, number)?.isSuccess == true) }
        list.insert(revoked, until: 1_002_000, at: relay.now.unix)
        relay.engine.endAllocations(of: revoked)
        relay.drain()
        #expect(relay.engine.violatedInvariant() == nil)
        #expect(relay.sockets.count == 4 - ended.count)
        for number: UInt32 in 1...4 {
            // Who still has one has it, and who has not gets none any more.
            #expect(try allocate(&relay, number)?.error == (ended.contains(number) ? 401 : 437))
        }
    }

    @Test func namesAreForgottenWhenTheyEnd() {
        let list = RevokedUsers()
        list.insert(.identity("kim"), until: 100, at: 50)
        list.insert(.identity("old"), until: 50, at: 50)
        #expect(list.count == 1)
        #expect(list.contains("99:kim", at: 99))
        #expect(!list.contains("99:kim", at: 100))
        #expect(!list.contains("kim", at: 99))
        // A later end counts, an earlier one does not.
        list.insert(.identity("kim"), until: 200, at: 60)
        list.insert(.identity("kim"), until: 150, at: 60)
        #expect(list.contains("99:kim", at: 199))
        list.insert(.identity("lee"), until: 300, at: 200)
        #expect(list.count == 1)
    }

    @Test func thereIsRoomForSoManyAndNoMore() {
        let list = RevokedUsers()
        for number in 0...RevokedUsers.limit {
            list.insert(.identity("\(number)"), until: 1000 + UInt32(number), at: 0)
        }
        #expect(list.count == RevokedUsers.limit)
        #expect(!list.contains("1:0", at: 0))
        #expect(list.contains("1:1", at: 0))
        #expect(list.contains("1:\(RevokedUsers.limit)", at: 0))
    }
}
