import NIOCore
import STUN
import TURN
import Testing

@testable import TURNCheck

/// What the check makes of what servers send, right and wrong.
@Suite
struct AnswerTests {
    private static let id = TransactionID(high: 1, low: 2)
    private static let key = IntegrityKey.longTermMD5(username: "u", realm: "r", password: "p")
    private static let address = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 3478)

    private func message(
        _ messageClass: MessageClass,
        _ method: STUN.Method,
        _ attributes: (inout STUNMessageWriter) throws(STUNError) -> Void = { _ throws(STUNError) in }
    ) throws -> ByteBuffer {
        var writer = STUNMessageWriter(MessageType(messageClass, method), transactionID: Self.id)
        try attributes(&writer)
        return writer.finish()
    }

    @Test
    func answersAreTakenApart() throws {
        let bytes = try message(.successResponse, .allocate) { writer throws(STUNError) in
            try writer.append(XORMappedAddress(Self.address))
            try writer.append(XORRelayedAddress(Self.address))
            try writer.append(Lifetime(seconds: 600))
        }
        let answer = try #require(Answer(bytes))
        #expect(answer.isSuccess)
        #expect(answer.mappedAddress == Self.address)
        #expect(answer.relayedAddress == Self.address)
        #expect(answer.lifetime == 600)
        #expect(Incoming(bytes) == .response(Self.id))
    }

    @Test
    func everyTruncationAndEveryChangedByteIsBorne() throws {
        let bytes = try message(.errorResponse, .allocate) { writer throws(STUNError) in
            try writer.append(ErrorCode(401, reason: "no"))
            try writer.append(Realm("r"))
            try writer.append(Nonce("obMatJos2gAABx"))
            try writer.append(PasswordAlgorithms([.sha256, .md5]))
            try writer.append(AlternateServer(Self.address))
            try writer.append(XORMappedAddress(Self.address))
            try writer.append(Lifetime(seconds: 1))
            try writer.appendMessageIntegrity(key: Self.key)
            try writer.appendFingerprint()
        }
        let all = Array(bytes.readableBytesView)
        for length in 0..<all.count {
            judge(ByteBuffer(bytes: all[..<length]))
        }
        for index in all.indices {
            for value: UInt8 in [0, 1, 0x40, 0x7F, 0x80, 0xFF] {
                var changed = all
                changed[index] = value
                judge(ByteBuffer(bytes: changed))
            }
        }
    }

    /// Must not trap; what is no message is no answer.
    private func judge(_ bytes: ByteBuffer) {
        let incoming = Incoming(bytes)
        let answer = Answer(bytes)
        _ = Answer.judge(bytes, to: .allocate, key: Self.key)
        if case .response = incoming { #expect(answer != nil) }
        if let answer { _ = try? LongTermSession(answer, login: Login(username: "u", password: "p")) }
    }

    @Test
    func dataIsTakenOutOfIndicationsAndChannels() throws {
        let payload = ByteBuffer(string: "data")
        let indication = try message(.indication, .data) { writer throws(STUNError) in
            try writer.append(XORPeerAddress(Self.address))
            try writer.append(DataAttribute(Array("data".utf8)))
        }
        #expect(Incoming(indication) == .data(payload))
        #expect(Incoming(TURNClient.makeChannelData(0x4000, payload)) == .data(payload))
        #expect(Incoming(try message(.indication, .data)) == .irrelevant)
        #expect(Incoming(try message(.request, .binding)) == .irrelevant)
        #expect(Incoming(ByteBuffer(bytes: [0x40, 0, 0xFF, 0xFF, 1])) == .foreign)
        #expect(Incoming(ByteBuffer(bytes: [0x40, 0])) == .foreign)
        #expect(Incoming(ByteBuffer()) == .foreign)
    }

    @Test
    func successesMustBeSignedAndErrorsMayBe() throws {
        let signed = try message(.successResponse, .allocate) { writer throws(STUNError) in
            try writer.appendMessageIntegrity(key: Self.key)
        }
        let other = IntegrityKey.longTermMD5(username: "u", realm: "r", password: "other")
        #expect(Answer.judge(signed, to: .allocate, key: Self.key) == .genuine)
        #expect(Answer.judge(signed, to: .allocate, key: other) == .otherSignature)
        #expect(Answer.judge(signed, to: .refresh, key: Self.key) == .irrelevant)
        #expect(Answer.judge(try message(.successResponse, .allocate), to: .allocate, key: Self.key) == .otherSignature)
        #expect(Answer.judge(try message(.successResponse, .allocate), to: .allocate, key: nil) == .genuine)
        #expect(Answer.judge(try message(.errorResponse, .allocate), to: .allocate, key: Self.key) == .genuine)
        for (code, verdict) in [(401, Answer.Verdict.genuine), (437, .otherSignature)] {
            let foreign = try message(.errorResponse, .allocate) { writer throws(STUNError) in
                try writer.append(ErrorCode(code))
                try writer.appendMessageIntegrity(key: other)
            }
            #expect(Answer.judge(foreign, to: .allocate, key: Self.key) == verdict)
        }
    }

    @Test
    func sha256CountsWhereItIsThere() throws {
        let key = IntegrityKey.longTermSHA256(username: "u", realm: "r", password: "p")
        let signed = try message(.successResponse, .allocate) { writer throws(STUNError) in
            try writer.appendMessageIntegritySHA256(key: key)
        }
        #expect(Answer.judge(signed, to: .allocate, key: key) == .genuine)
        #expect(Answer.judge(signed, to: .allocate, key: Self.key) == .otherSignature)
    }

    @Test
    func foreignTextCannotMoveTheCursor() {
        #expect("a\u{1B}[2J\n\u{202E}b\u{9B}é".printable == "a\u{FFFD}[2J\u{FFFD}\u{FFFD}b\u{FFFD}é")
    }
}

/// Long-term credentials, the client's side.
@Suite
struct LongTermSessionTests {
    private static let login = Login(username: "ann", password: "pw")

    private func challenge(
        nonce: String = "n",
        algorithms: [PasswordAlgorithm]? = nil,
        realm: String? = "r"
    ) throws -> Answer {
        var writer = STUNMessageWriter(MessageType(.errorResponse, .allocate), transactionID: .random())
        try writer.append(ErrorCode.unauthenticated)
        if let realm { try writer.append(Realm(realm)) }
        try writer.append(Nonce(nonce))
        if let algorithms { try writer.append(PasswordAlgorithms(algorithms)) }
        return try #require(Answer(writer.finish()))
    }

    /// Signs a request and lets the server's side judge it.
    private func verdict(
        _ login: Login,
        realm: String = "linkup",
        withoutAlgorithms: Bool = false
    ) throws -> Authenticator.OnRequest {
        let nonces = NonceIssuer()
        let authenticator = Authenticator(
            realm: try Realm(realm),
            nonces: nonces,
            providers: [StaticCredentials(["ann": "pw"], realm: realm)]
        )
        let client = TransportAddress(ip: IPAddress(ipv4: 1), port: 1)
        var writer = STUNMessageWriter(MessageType(.errorResponse, .allocate), transactionID: .random())
        try authenticator.appendChallenge(to: &writer, for: client, at: 1000)
        var answer = try #require(Answer(writer.finish()))
        if withoutAlgorithms {
            answer.algorithms = nil
            // As a server of RFC 5389 would have it.
            var session = try LongTermSession(try challenge(realm: realm), login: login)
            session.renew(try #require(answer.nonce))
            return try judge(session, authenticator, client)
        }
        return try judge(try LongTermSession(answer, login: login), authenticator, client)
    }

    private func judge(
        _ session: LongTermSession,
        _ authenticator: Authenticator,
        _ client: TransportAddress
    ) throws -> Authenticator.OnRequest {
        var request = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        try session.sign(&request)
        try request.appendFingerprint()
        let bytes = request.finish()
        return authenticator.check(try STUNMessage(bytes.readableBytesUInt8Span), from: client, at: 1001)
    }

    @Test
    func theServerTakesWhatTheClientSigns() throws {
        guard case .authenticated(let identity) = try verdict(Self.login) else {
            Issue.record("the server refuses the client")
            return
        }
        #expect(identity.username == "ann")
        #expect(identity.signsWithSHA256)
        #expect(identity.key == .longTermSHA256(username: "ann", realm: "linkup", password: "pw"))
    }

    @Test
    func clientsOfOldServersSignByMD5() throws {
        guard case .authenticated(let identity) = try verdict(Self.login, withoutAlgorithms: true) else {
            Issue.record("the server refuses the client")
            return
        }
        #expect(!identity.signsWithSHA256)
        #expect(identity.key == .longTermMD5(username: "ann", realm: "linkup", password: "pw"))
    }

    @Test
    func aWrongPasswordIsNotTaken() throws {
        #expect(try verdict(Login(username: "ann", password: "no")) == .challenge(.unauthenticated))
        #expect(try verdict(Login(username: "bob", password: "pw")) == .challenge(.unauthenticated))
    }

    @Test
    func theFirstKnownAlgorithmIsChosen() throws {
        let unknown = try PasswordAlgorithm(number: 9)
        let session = try LongTermSession(try challenge(algorithms: [unknown, .md5, .sha256]), login: Self.login)
        #expect(session.key == .longTermMD5(username: "ann", realm: "r", password: "pw"))
        let error = #expect(throws: CheckFailure.self) {
            try LongTermSession(try challenge(algorithms: [unknown]), login: Self.login)
        }
        #expect(error == .malformedAnswer("no password algorithm that is known here"))
    }

    @Test
    func aListThatWasTakenOutIsNoticed() throws {
        for nonce in ["obMatJos2gAAAx", "obMatJos2AAABx"] {
            let error = #expect(throws: CheckFailure.self) {
                try LongTermSession(try challenge(nonce: nonce), login: Self.login)
            }
            #expect(error == .downgraded)
        }
    }

    @Test
    func anonymousClientsSendAHash() throws {
        let session = try LongTermSession(try challenge(nonce: "obMatJos2QAACx"), login: Self.login)
        var request = STUNMessageWriter(MessageType(.request, .allocate), transactionID: .random())
        try session.sign(&request)
        let bytes = request.finish()
        let message = try STUNMessage(bytes.readableBytesUInt8Span)
        let hash = try message.first(Userhash.self)
        #expect(hash == Userhash(username: "ann", realm: "r"))
        let username = try message.first(Username.self)
        #expect(username == nil)
    }

    @Test
    func aChallengeNeedsRealmAndNonce() throws {
        #expect(throws: CheckFailure.self) { try LongTermSession(try challenge(realm: nil), login: Self.login) }
    }

    @Test(arguments: [
        ("", false, false), ("obMatJos2", false, false), ("obMatJos2AAA", false, false), ("x", false, false),
        ("obMatJos2AAAA", false, false), ("obMatJos2gAAA", true, false), ("obMatJos2AAAB", true, false),
        ("obMatJos2gAAB", true, false), ("obMatJos2wAAD", true, true), ("obMatJos2AAAC", false, true),
        ("obMatJos2g*AB", false, false),
    ])
    func features(nonce: String, passwordAlgorithms: Bool, anonymity: Bool) {
        let features = NonceFeatures(nonce)
        #expect(features.passwordAlgorithms == passwordAlgorithms)
        #expect(features.anonymity == anonymity)
    }
}
