import Crypto
import FoundationEssentials
import Networking
import SwiftASN1
import Testing
import X509

@testable import ACME

/// A certificate authority in one value: it reads what it is sent as strictly as a real one, and answers.
struct TestAuthority {
    static let directory = "https://ca.example/dir"
    static let host = "https://ca.example"

    /// What it does instead of answering well, by the path of the request.
    var faults: [String: (inout ACMEResponse) -> Void] = [:]
    /// How many of the next signed requests are refused for their nonce.
    var noncesToRefuse = 0
    /// The answers to polls of an authorization, and of the order, before the last.
    var pendingPolls = 1
    var processingPolls = 1
    /// Whether names are this account's already.
    var areNamesKnown = false
    var kinds = ["http-01", "dns-01", "tls-alpn-01"]
    /// Whether what it looks for is there.
    var isAnswered: (ChallengeAnswer) -> Bool = { _ in true }
    var life = 90 * 86_400.0
    var begin = Date(timeIntervalSince1970: 1_800_000_000)

    private(set) var requests: [String] = []
    private(set) var contact: [String]?
    private(set) var issued = 0
    private var nonce = 0
    private var names: [String] = []
    private var states: [String] = []
    private var polls: [Int] = []
    private var orderStatus = "pending"
    private var orderPolls = 0
    private var chain = ""
    private let key = P256.Signing.PrivateKey()
    private let webKeyOwner: AccountKey

    init(for account: AccountKey) {
        webKeyOwner = account
    }

    mutating func answer(_ request: ACMERequest) throws -> ACMEResponse {
        let path = String(request.url.dropFirst(Self.host.count))
        requests.append("\(request.method.rawValue) \(path)")
        var response = ACMEResponse(status: 200)
        if request.method == .post {
            try check(request)
            if noncesToRefuse > 0 {
                noncesToRefuse -= 1
                response = problem(400, "badNonce")
                response.nonce = takeNonce()
                return response
            }
        }
        response = try answer(path, request)
        if path != "/dir" { response.nonce = takeNonce() }
        faults[path]?(&response)
        return response
    }

    private mutating func takeNonce() -> String {
        nonce += 1
        return "nonce-\(nonce)"
    }

    func problem(_ status: Int, _ kind: String, detail: String = "no") -> ACMEResponse {
        let text = #"{"type":"urn:ietf:params:acme:error:\#(kind)","detail":"\#(detail)"}"#
        return ACMEResponse(status: status, body: Array(text.utf8))
    }

    /// RFC 8555 §6.2 to §6.5.
    private func check(_ request: ACMERequest) throws {
        let body = try #require(try? JSONDecoder().decode([String: String].self, from: Data(request.body)))
        #expect(Set(body.keys) == ["protected", "payload", "signature"])
        let header = try #require(Base64URL.decode(body["protected"] ?? ""))
        let text = String(decoding: header, as: UTF8.self)
        #expect(text.contains(#""alg":"ES256""#))
        #expect(text.contains(#""url":"\#(request.url)""#))
        #expect(text.contains(#""nonce":"nonce-\#(nonce)""#))
        #expect(text.contains(#""jwk":"#) == request.url.hasSuffix("/new-account"))
        #expect(text.contains(#""kid":"\#(Self.host)/account/1""#) != request.url.hasSuffix("/new-account"))
        let signature = try P256.Signing.ECDSASignature(
            rawRepresentation: Base64URL.decode(body["signature"] ?? "") ?? []
        )
        let signed = Data("\(body["protected"] ?? "").\(body["payload"] ?? "")".utf8)
        #expect(webKeyOwner.key.publicKey.isValidSignature(signature, for: signed))
    }

    private func payload(_ request: ACMERequest) throws -> [UInt8] {
        let body = try JSONDecoder().decode([String: String].self, from: Data(request.body))
        return try #require(Base64URL.decode(body["payload"] ?? "!"))
    }

    private mutating func answer(_ path: String, _ request: ACMERequest) throws -> ACMEResponse {
        let parts = path.split(separator: "/")
        let index = parts.dropFirst().first.flatMap { Int($0) } ?? 0
        switch parts[0] {
        case "dir":
            return json(
                #"{"newNonce":"\#(Self.host)/new-nonce","newAccount":"\#(Self.host)/new-account","#
                    + #""newOrder":"\#(Self.host)/new-order","meta":{"termsOfService":"https://ca.example/terms"}}"#
            )
        case "new-nonce": return ACMEResponse(status: 200)
        case "new-account", "account": return try answerAccount(isNew: parts[0] == "new-account", request)
        case "new-order": return try answerNewOrder(request)
        case "authz":
            #expect(try payload(request) == [])
            return pollAuthorization(index)
        case "challenge":
            #expect(try payload(request) == Array("{}".utf8))
            return try answerChallenge(index, kind: String(parts[2]))
        case "order":
            #expect(try payload(request) == [])
            return pollOrder()
        case "finalize": return try finalize(request)
        case "certificate": return ACMEResponse(status: 200, body: Array(chain.utf8))
        default: return problem(404, "malformed")
        }
    }

    private mutating func answerAccount(isNew: Bool, _ request: ACMERequest) throws -> ACMEResponse {
        struct Account: Codable { var termsOfServiceAgreed: Bool?, contact: [String]? }
        let account = try JSONDecoder().decode(Account.self, from: Data(try payload(request)))
        #expect(account.termsOfServiceAgreed == (isNew ? true : nil))
        if contact == nil || !isNew { contact = account.contact ?? [] }
        let list = (contact ?? []).map { "\"\($0)\"" }.joined(separator: ",")
        var response = json(#"{"status":"valid","contact":[\#(list)]}"#)
        response.location = "\(Self.host)/account/1"
        return response
    }

    private mutating func answerNewOrder(_ request: ACMERequest) throws -> ACMEResponse {
        struct Order: Codable { var identifiers: [[String: String]] }
        let order = try JSONDecoder().decode(Order.self, from: Data(try payload(request)))
        names = order.identifiers.map { $0["value"] ?? "" }
        states = names.map { _ in areNamesKnown ? "valid" : "pending" }
        polls = names.map { _ in 0 }
        (orderStatus, orderPolls) = (areNamesKnown ? "ready" : "pending", 0)
        var response = orderResponse()
        response.status = 201
        response.location = "\(Self.host)/order/1"
        return response
    }

    private func orderResponse() -> ACMEResponse {
        let authorizations = names.indices.map { "\"\(Self.host)/authz/\($0)\"" }.joined(separator: ",")
        let certificate = orderStatus == "valid" ? #","certificate":"\#(Self.host)/certificate/1""# : ""
        return json(
            #"{"status":"\#(orderStatus)","authorizations":[\#(authorizations)],"finalize":"\#(Self.host)/finalize/1"\#(certificate)}"#
        )
    }

    private mutating func pollAuthorization(_ index: Int) -> ACMEResponse {
        if states[index] == "looking" {
            polls[index] += 1
            if polls[index] > pendingPolls { states[index] = "valid" }
        }
        let isValid = states[index] == "valid"
        let isInvalid = states[index] == "invalid"
        let challenges = kinds.map { kind in
            let error =
                isInvalid ? #","error":{"type":"urn:ietf:params:acme:error:dns","detail":"NXDOMAIN for it"}"# : ""
            let status = isValid ? "valid" : isInvalid ? "invalid" : "pending"
            return #"{"type":"\#(kind)","url":"\#(Self.host)/challenge/\#(index)/\#(kind)","status":"\#(status)","#
                + #""token":"token-\#(index)"\#(error)}"#
        }
        if states.allSatisfy({ $0 == "valid" }), orderStatus == "pending" { orderStatus = "ready" }
        let status = isValid ? "valid" : isInvalid ? "invalid" : "pending"
        return json(
            #"{"identifier":{"type":"dns","value":"\#(names[index])"},"status":"\#(status)","challenges":[\#(challenges.joined(separator: ","))]}"#
        )
    }

    private mutating func answerChallenge(_ index: Int, kind: String) throws -> ACMEResponse {
        let token = "token-\(index)"
        let answer = ChallengeAnswer(
            kind: try #require(ChallengeKind(rawValue: kind)),
            name: try #require(DomainName(names[index])),
            token: token,
            keyAuthorization: webKeyOwner.keyAuthorization(of: token)
        )
        states[index] = isAnswered(answer) ? "looking" : "invalid"
        return json(
            #"{"type":"\#(kind)","url":"\#(Self.host)/challenge/\#(index)/\#(kind)","status":"processing","token":"\#(token)"}"#
        )
    }

    private mutating func pollOrder() -> ACMEResponse {
        if orderStatus == "processing" {
            orderPolls += 1
            if orderPolls > processingPolls { orderStatus = "valid" }
        }
        return orderResponse()
    }

    private mutating func finalize(_ request: ACMERequest) throws -> ACMEResponse {
        #expect(orderStatus == "ready")
        struct Finalize: Codable { var csr: String }
        let text = try JSONDecoder().decode(Finalize.self, from: Data(try payload(request))).csr
        let signingRequest = try CertificateSigningRequest(derEncoded: Base64URL.decode(text) ?? [])
        #expect(signingRequest.publicKey.isValidSignature(signingRequest.signature, for: signingRequest))
        let extensions = try #require(try signingRequest.attributes.extensionRequest?.extensions)
        let alternatives = try #require(try extensions.subjectAlternativeNames)
        #expect(alternatives.map { $0 } == names.map { GeneralName.dnsName($0) })
        chain = try issue(signingRequest.publicKey, alternatives)
        issued += 1
        orderStatus = "processing"
        return orderResponse()
    }

    func issue(_ publicKey: Certificate.PublicKey, _ names: SubjectAlternativeNames) throws -> String {
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: publicKey,
            notValidBefore: begin,
            notValidAfter: begin + life,
            issuer: DistinguishedName { CommonName("An authority of a test") },
            subject: DistinguishedName(),
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions { names },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        return try certificate.serializeAsPEM().pemString + "\n"
    }

    private func json(_ text: String) -> ACMEResponse { ACMEResponse(status: 200, body: Array(text.utf8)) }
}

/// How an order has ended, and what came before.
struct Outcome {
    var result: Result<KeyedCertificate, IssuanceError>
    var answers: [ChallengeAnswer] = []
    var waits: [Duration] = []

    var error: IssuanceError? {
        if case .failure(let error) = result { error } else { nil }
    }

    var certificate: KeyedCertificate? { try? result.get() }
}

/// Runs an order to its end.
func run(
    _ request: Issuance.Request,
    _ authority: inout TestAuthority,
    at now: Date = Date(timeIntervalSince1970: 1_800_000_100)
) throws -> Outcome {
    var issuance = Issuance(request)
    var outcome = Outcome(result: .failure(IssuanceError(.tooSlow, step: "the test")))
    var step = issuance.begin()
    for _ in 0..<5000 {
        switch step {
        case .send(let request): step = issuance.receive(try authority.answer(request), at: now)
        case .answer(let answers):
            outcome.answers = answers
            step = issuance.proceed()
        case .wait(let duration):
            outcome.waits.append(duration)
            step = issuance.proceed()
        case .issued(let certificate):
            outcome.result = .success(certificate)
            return outcome
        case .failed(let error):
            outcome.result = .failure(error)
            return outcome
        }
    }
    Issue.record("the order has no end")
    return outcome
}

/// What tests ask for.
func makeRequest(
    _ names: [String] = ["talk.example.org"],
    email: String? = nil,
    kinds: [ChallengeKind] = [.http, .tlsALPN]
) -> Issuance.Request {
    Issuance.Request(
        directory: TestAuthority.directory,
        names: names.compactMap { DomainName($0) },
        email: email,
        account: AccountKey(P256.Signing.PrivateKey()),
        key: P256.Signing.PrivateKey(),
        kinds: kinds
    )
}
