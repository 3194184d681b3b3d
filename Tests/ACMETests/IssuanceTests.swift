import Crypto
import FoundationEssentials
import Networking
import Testing
import X509

@testable import ACME

@Suite
struct IssuanceTests {
    @Test
    func aCertificateIsIssued() throws {
        let request = makeRequest(["talk.example.org", "call.example.org"], email: "ann@example.org")
        var authority = TestAuthority(for: request.account)
        let outcome = try run(request, &authority)
        let certificate = try #require(outcome.certificate)
        #expect(certificate.names == ["talk.example.org", "call.example.org"])
        #expect(certificate.validity.life == 90 * 86_400)
        #expect(!certificate.isSelfSigned)
        #expect(try KeyedCertificate(pem: certificate.pem) == certificate)
        #expect(authority.contact == ["mailto:ann@example.org"])
        #expect(outcome.answers.map(\.name.description) == ["talk.example.org", "call.example.org"])
        #expect(outcome.answers.allSatisfy { $0.kind == .http && $0.keyAuthorization.hasPrefix($0.token + ".") })
        #expect(
            authority.requests == [
                "GET /dir", "HEAD /new-nonce", "POST /new-account", "POST /new-order", "POST /authz/0", "POST /authz/1",
                "POST /challenge/0/http-01", "POST /challenge/1/http-01", "POST /authz/0", "POST /authz/0",
                "POST /authz/1", "POST /authz/1", "POST /order/1", "POST /finalize/1", "POST /order/1", "POST /order/1",
                "POST /certificate/1",
            ]
        )
    }

    @Test
    func namesThatAreKnownNeedNoAnswer() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.areNamesKnown = true
        let outcome = try run(request, &authority)
        #expect(outcome.certificate != nil)
        #expect(outcome.answers.isEmpty)
    }

    @Test
    func theSecondKindIsTakenWhereTheFirstIsNotOffered() throws {
        let request = makeRequest(kinds: [.http, .tlsALPN])
        var authority = TestAuthority(for: request.account)
        authority.kinds = ["dns-01", "tls-alpn-01"]
        #expect(try run(request, &authority).answers.map(\.kind) == [.tlsALPN])
        authority.kinds = ["dns-01"]
        #expect(try run(request, &authority).error?.cause == .noWay(try #require(DomainName("talk.example.org"))))
    }

    @Test
    func anAddressOfMailIsChanged() throws {
        var request = makeRequest(email: "ann@example.org")
        var authority = TestAuthority(for: request.account)
        #expect(try run(request, &authority).certificate != nil)
        request.email = "bea@example.org"
        #expect(try run(request, &authority).certificate != nil)
        #expect(authority.contact == ["mailto:bea@example.org"])
    }

    /// The account was closed by somebody who has its key.
    @Test
    func aClosedAccountIsNamed() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.faults["/new-account"] = { response in
            let body = #"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"deactivated"}"#
            response = ACMEResponse(status: 401, body: Array(body.utf8))
        }
        let error = try #require(try run(request, &authority).error)
        #expect(!error.isRejection)
        #expect("\(error)".contains("the account may not do that; without its file there is another one (deactivated)"))
    }

    @Test
    func refusedNoncesAreReplaced() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.noncesToRefuse = Issuance.maximumBadNonces
        #expect(try run(request, &authority).certificate != nil)
        #expect(authority.requests.filter { $0 == "HEAD /new-nonce" }.count == 1)
        authority.noncesToRefuse = Issuance.maximumBadNonces + 1
        #expect(try run(request, &authority).error?.cause == .noncesRefused)
    }

    @Test
    func aRejectionIsExplained() throws {
        let request = makeRequest(["talk.example.org", "call.example.org"])
        var authority = TestAuthority(for: request.account)
        authority.isAnswered = { $0.name.description != "call.example.org" }
        let error = try #require(try run(request, &authority).error)
        #expect(error.isRejection)
        #expect(
            "\(error)"
                == "the certificate authority did not see that call.example.org is this server (HTTP-01, port 80): "
                + "it does not find the name, or no address of it, in the DNS (NXDOMAIN for it)"
        )
    }

    @Test(arguments: [
        "/dir", "/new-nonce", "/new-account", "/new-order", "/authz/0", "/challenge/0/http-01", "/order/1",
        "/finalize/1", "/certificate/1",
    ])
    func everyStageCanFail(path: String) throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.faults[path] = { response in
            let body = #"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}"#
            response = ACMEResponse(status: 429, retryAfter: "120", body: Array(body.utf8))
        }
        let limited = try #require(try run(request, &authority).error)
        #expect(limited.cause == .problem(Problem(.rateLimited, detail: "too many")))
        #expect(limited.retryAfter == .seconds(120))
        authority.faults[path] = { $0 = ACMEResponse(status: 503, retryAfter: "Sun, 17 Jan 2027 08:01:50 GMT") }
        // 1 800 000 100 is ten seconds earlier.
        let away = try #require(try run(request, &authority, at: Date(timeIntervalSince1970: 1_800_172_900)).error)
        #expect(away.cause == .status(503))
        #expect(away.retryAfter != nil)
        authority.faults[path] = { $0 = ACMEResponse(status: 302, location: "https://elsewhere.example/") }
        #expect(try run(request, &authority).error?.cause == .status(302))
        authority.faults[path] = { response in
            response.body = [UInt8](repeating: 0x20, count: ACMEResponse.maximumBodyLength + 1)
        }
        #expect(try run(request, &authority).error?.cause == .unusableAnswer("it is too long"))
    }

    /// No answer that is cut off is taken for a whole one, or ends the program.
    @Test(arguments: [
        "/dir", "/new-account", "/new-order", "/authz/0", "/challenge/0/http-01", "/order/1", "/finalize/1",
        "/certificate/1",
    ])
    func truncationsAreNoAnswers(path: String) throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        var length = 0
        var isWhole = false
        authority.faults[path] = { response in
            isWhole = response.body.count <= length
            response.body = Array(response.body.prefix(length))
        }
        while true {
            let outcome = try run(request, &authority)
            if isWhole {
                #expect(outcome.certificate != nil)
                break
            }
            // The last line break of a certificate is no part of it.
            #expect(outcome.certificate == nil || path == "/certificate/1")
            length += path == "/certificate/1" ? 7 : 1
            try #require(length < 5000)
        }
        #expect(length > 30)
    }

    /// Answers that are JSON of the right form, and mean harm.
    @Test(
        arguments: [
            ("/dir", "https://ca.example/new-order", "http://ca.example/new-order"),
            ("/dir", "https://ca.example/new-order", "file:///etc/passwd"),
            ("/dir", "https://ca.example/new-order", "https://"),
            ("/dir", "https://ca.example/new-order", "https://user@ca.example/"),
            ("/dir", #""meta":{"#, #""meta":{"externalAccountRequired":true,"#),
            ("/new-account", "valid", "deactivated"),
            ("/new-account", "valid", "unheard-of"),
            ("/new-order", "pending", "invalid"),
            ("/new-order", "https://ca.example/authz/0", "https://ca.example/a b"),
            ("/authz/0", "talk.example.org", "other.example.org"),
            ("/authz/0", "token-0", "../../secret"),
            ("/authz/0", "token-0", ""),
            ("/authz/0", "token-0", String(repeating: "t", count: Challenge.maximumTokenLength + 1)),
            ("/authz/0", #""status":"pending","challenges""#, #""status":"expired","challenges""#),
            ("/order/1", "certificate", "nothing"),
            ("/certificate/1", "CERTIFICATE", "X509 CRL"),
            ("/certificate/1", "A", "B"),
        ]
    )
    func hostileAnswersAreRefused(path: String, text: String, replacement: String) throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.faults[path] = { response in
            let body = String(decoding: response.body, as: UTF8.self)
            response.body = Array(body.replacing(text, with: replacement).utf8)
        }
        #expect(try run(request, &authority).error != nil)
    }

    @Test
    func anAuthorityThatNeverComesToAnEndIsLeft() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        authority.pendingPolls = .max
        let slow = try run(request, &authority)
        #expect(slow.error?.cause == .tooSlow)
        #expect(slow.waits.reduce(.zero, +) <= Issuance.maximumWaiting)
        // An authority that asks for years gets a minute, one that asks for nothing half a second.
        authority.faults["/challenge/0/http-01"] = { $0.retryAfter = "9999999999" }
        #expect(try run(request, &authority).waits.first == .seconds(60))
        authority.faults["/challenge/0/http-01"] = { $0.retryAfter = "0" }
        #expect(try run(request, &authority).waits.first == .milliseconds(500))
        // Who is asked often in little time is asked so often and no more.
        authority.faults["/authz/0"] = { $0.retryAfter = "0" }
        let before = authority.requests.count
        #expect(try run(request, &authority).error?.cause == .tooSlow)
        #expect(authority.requests.count - before == Issuance.maximumRequests)
        authority.pendingPolls = 0
        authority.processingPolls = .max
        #expect(try run(request, &authority).error?.cause == .tooSlow)
    }

    @Test
    func theLongestAnswerIsRead() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        for path in ["/dir", "/new-order", "/authz/0", "/certificate/1"] {
            authority.faults[path] = { response in
                let missing = ACMEResponse.maximumBodyLength - response.body.count
                response.body += [UInt8](repeating: 0x0A, count: missing)
            }
        }
        #expect(try run(request, &authority).certificate != nil)
    }

    @Test
    func aCertificateForOthersIsRefused() throws {
        let request = makeRequest()
        var authority = TestAuthority(for: request.account)
        let strangers = try authority.issue(
            Certificate.PublicKey(P256.Signing.PrivateKey().publicKey),
            SubjectAlternativeNames([.dnsName("talk.example.org")])
        )
        let misnamed = try authority.issue(
            Certificate.PublicKey(request.key.publicKey),
            SubjectAlternativeNames([.dnsName("talk.example.com")])
        )
        for (chain, problem) in [
            (strangers, KeyedCertificate.Problem.otherKey), (misnamed, .missingName("talk.example.org")),
            ("", .noCertificate),
            (String(repeating: misnamed, count: 11), .tooManyCertificates),
        ] {
            authority.faults["/certificate/1"] = { $0.body = Array(chain.utf8) }
            #expect(try run(request, &authority).error?.cause == .unusableCertificate(problem))
        }
        authority.faults = [:]
        authority.life = -1
        #expect(try run(request, &authority).error?.cause == .unusableCertificate(.emptyLife))
    }

    @Test
    func whatCanNotBeAskedForIsNotAsked() {
        var none = Issuance(makeRequest([]))
        var many = Issuance(makeRequest((0...Issuance.maximumNames).map { "a\($0).example" }))
        var plain = makeRequest()
        plain.directory = "http://ca.example/dir"
        var unencrypted = Issuance(plain)
        for step in [none.begin(), many.begin(), unencrypted.begin()] {
            guard case .failed(let error) = step, case .local = error.cause else {
                Issue.record("\(step)")
                continue
            }
        }
        var most = Issuance(makeRequest((0..<Issuance.maximumNames).map { "a\($0).example" }))
        guard case .send = most.begin() else {
            Issue.record("as many names as there may be are too many")
            return
        }
    }

    @Test
    func aHundredNamesFit() throws {
        let request = makeRequest((0..<Issuance.maximumNames).map { "a\($0).example" })
        var authority = TestAuthority(for: request.account)
        authority.pendingPolls = 0
        #expect(try run(request, &authority).certificate?.names.count == Issuance.maximumNames)
    }

    @Test
    func nothingFollowsTheEnd() {
        var issuance = Issuance(makeRequest())
        _ = issuance.begin()
        for step in [
            issuance.fail("no route"), issuance.receive(ACMEResponse(status: 200), at: Date(timeIntervalSince1970: 0)),
            issuance.proceed(),
        ] {
            guard case .failed = step else {
                Issue.record("\(step)")
                continue
            }
        }
    }
}
