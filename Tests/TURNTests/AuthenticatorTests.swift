import NIOCore
import STUN
import Testing

@testable import TURN

@Suite struct AuthenticatorTests {
    private static let client = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 5000)
    private static let now: UInt32 = 1_000_000
    private static let realm = "example.org"
    private static let nonces = NonceIssuer(secret: [UInt8](0..<32))
    private static let limited = TimeLimitedCredentials(secrets: ["new", "old"])

    private let authenticator: Authenticator

    init() throws {
        authenticator = Authenticator(
            realm: try Realm(Self.realm),
            nonces: Self.nonces,
            providers: [StaticCredentials(["user": "pass"], realm: Self.realm), Self.limited]
        )
    }

    /// What a request is made of; each case of a test changes one thing.
    struct Request: Sendable {
        var username: String? = "user"
        var password = "pass"
        var hashesUsername = false
        var realm: String? = AuthenticatorTests.realm
        var nonce: String? = AuthenticatorTests.nonces.makeNonce(for: client, at: now).text
        var offered: [PasswordAlgorithm]?
        var chosen: PasswordAlgorithm?
        var signsWithSHA1 = true
        var signsWithSHA256 = false

        func bytes() throws -> [UInt8] {
            var writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
            if let username {
                if hashesUsername {
                    try writer.append(Userhash(username: username, realm: AuthenticatorTests.realm))
                } else {
                    try writer.append(Username(username))
                }
            }
            if let realm { try writer.append(Realm(realm)) }
            if let nonce { try writer.append(Nonce(nonce)) }
            if let offered { try writer.append(PasswordAlgorithms(offered)) }
            if let chosen { try writer.append(chosen) }
            let derive = chosen == .sha256 ? IntegrityKey.longTermSHA256 : IntegrityKey.longTermMD5
            let key = derive(username ?? "", AuthenticatorTests.realm, password)
            if signsWithSHA1 { try writer.appendMessageIntegrity(key: key) }
            if signsWithSHA256 { try writer.appendMessageIntegritySHA256(key: key) }
            return Array(buffer: writer.finish())
        }
    }

    private func check(_ request: Request, from client: TransportAddress = client) throws -> Authenticator.OnRequest {
        let bytes = try request.bytes()
        return authenticator.check(try STUNMessage(bytes.span), from: client, at: Self.now)
    }

    private static let both: [PasswordAlgorithm] = [.sha256, .md5]

    @Test(
        arguments: [
            (Request(), false), (Request(hashesUsername: true), false), (Request(signsWithSHA256: true), false),
            (Request(signsWithSHA1: false, signsWithSHA256: true), false),
            (Request(offered: both, chosen: .sha256), true), (Request(offered: both, chosen: .md5), true),
            (Request(offered: both, chosen: .sha256, signsWithSHA1: false, signsWithSHA256: true), true),
        ]
    )
    func acceptsSignedRequests(request: Request, signsWithSHA256: Bool) throws {
        guard case .authenticated(let identity) = try check(request) else {
            Issue.record("not authenticated")
            return
        }
        #expect(identity.username == "user")
        #expect(identity.signsWithSHA256 == signsWithSHA256)
        #expect(identity.expiry == nil)
    }

    /// The steps of RFC 8489 §9.2.4.
    @Test(
        arguments: [
            (Request(signsWithSHA1: false), .challenge(.unauthenticated)),
            (Request(username: nil, realm: nil, nonce: nil, signsWithSHA1: false), .challenge(.unauthenticated)),
            (Request(username: nil), .refuse(.badRequest)), (Request(realm: nil), .refuse(.badRequest)),
            (Request(nonce: nil), .refuse(.badRequest)), (Request(nonce: "made up"), .challenge(.staleNonce)),
            (Request(offered: both), .refuse(.badRequest)), (Request(chosen: .sha256), .refuse(.badRequest)),
            (Request(offered: [.md5], chosen: .md5), .refuse(.badRequest)),
            (Request(offered: [.md5, .sha256], chosen: .md5), .refuse(.badRequest)),
            (Request(realm: "elsewhere"), .challenge(.unauthenticated)),
            (Request(username: "nobody"), .challenge(.unauthenticated)),
            (Request(username: "nobody", hashesUsername: true), .challenge(.unauthenticated)),
            (Request(password: "wrong"), .challenge(.unauthenticated)),
            (Request(password: "wrong", signsWithSHA256: true), .challenge(.unauthenticated)),
        ] as [(Request, Authenticator.OnRequest)]
    )
    func refusesEverythingElse(request: Request, answer: Authenticator.OnRequest) throws {
        #expect(try check(request) == answer)
    }

    @Test func anUnlistedAlgorithmIsRefused() throws {
        let other = try PasswordAlgorithm(number: 3)
        #expect(try check(Request(offered: Self.both, chosen: other)) == .refuse(.badRequest))
    }

    @Test func aNonceOfAnotherClientIsStale() throws {
        let other = TransportAddress(ip: Self.client.ip, port: 5001)
        #expect(try check(Request(), from: other) == .challenge(.staleNonce))
    }

    @Test func aForgedSHA256CodeIsNotSavedByTheOther() throws {
        var writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        try writer.append(Username("user"))
        try writer.append(Realm(Self.realm))
        try writer.append(Self.nonces.makeNonce(for: Self.client, at: Self.now))
        try writer.appendMessageIntegrity(key: .longTermMD5(username: "user", realm: Self.realm, password: "pass"))
        try writer.appendMessageIntegritySHA256(key: .shortTerm(password: "x"))
        let bytes = Array(buffer: writer.finish())
        let answer = authenticator.check(try STUNMessage(bytes.span), from: Self.client, at: Self.now)
        #expect(answer == .challenge(.unauthenticated))
    }

    @Test(arguments: [("new", true), ("old", true), ("other", false)])
    func timeLimitedCredentials(secret: String, isGood: Bool) throws {
        let (username, password) = TimeLimitedCredentials(secrets: [secret]).issue(for: "kim", until: Self.now + 1)
        let answer = try check(Request(username: username, password: password))
        guard case .authenticated(let identity) = answer else {
            #expect(!isGood)
            #expect(answer == .challenge(.unauthenticated))
            return
        }
        #expect(isGood)
        #expect(identity.username == "1000001:kim")
        #expect(identity.expiry == Self.now + 1)
    }

    @Test(arguments: ["1000000:kim", "01000001:kim", "+1000001:kim", ":kim", "kim", "99999999999:kim", ""])
    func endedOrMalformedNamesAreUnknown(username: String) {
        #expect(Self.limited.credentials(of: username, realm: Self.realm, at: Self.now).isEmpty)
    }

    /// Computed with Python's hmac module.
    @Test func passwordOfTheDraft() {
        let credential = TimeLimitedCredentials(secrets: ["north"]).issue(for: "u", until: 1_433_895_918)
        #expect(credential == ("1433895918:u", "qMBuGbaqBTDfEm92OP5Zyeftcko="))
    }

    @Test func challengeIsShortAndComplete() throws {
        var writer = STUNMessageWriter(MessageType(.errorResponse, .allocate), transactionID: .random())
        try writer.append(ErrorCode.unauthenticated)
        try authenticator.appendChallenge(to: &writer, for: Self.client, at: Self.now)
        let bytes = Array(buffer: writer.finish())
        let message = try STUNMessage(bytes.span)
        #expect(try message.first(Realm.self)?.text == Self.realm)
        #expect(try message.first(PasswordAlgorithms.self)?.algorithms == Self.both)
        let nonce = try #require(try message.first(Nonce.self))
        #expect(Self.nonces.judge(nonce, from: Self.client, at: Self.now) == .valid)
        #expect(bytes.count == 20 + 8 + 16 + 36 + 12)
    }
}
