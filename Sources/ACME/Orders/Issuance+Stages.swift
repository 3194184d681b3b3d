import FoundationEssentials
import Networking

extension Issuance {
    /// Takes the answer of a stage, and goes to the next.
    mutating func advance(_ response: ACMEResponse, _ retryAfter: Duration?) -> Step {
        switch stage {
        case .directory: receiveDirectory(response)
        case .account: receiveAccount(response)
        case .contact: orderCertificate()
        case .order: receiveNewOrder(response)
        case .authorization(let index): receiveAuthorization(response, index)
        case .challenge(let index): receiveChallenge(response, index, retryAfter)
        case .poll(let index): receivePoll(response, index, retryAfter)
        case .orderStatus, .finalize: receiveOrder(response, retryAfter)
        case .certificate: receiveCertificate(response)
        case .ended: end(.local("the order has ended"))
        }
    }

    /// RFC 8555 §7.1.1.
    private mutating func receiveDirectory(_ response: ACMEResponse) -> Step {
        guard let directory = JSON.decode(response.body, as: Directory.self) else {
            return end(.unusableAnswer("it is no directory of ACME"))
        }
        self.directory = directory
        if directory.meta?.externalAccountRequired == true {
            return end(.problem(Problem(.externalAccountRequired)))
        }
        stage = .account
        // Where there is an account for the key, it is found by the same request (RFC 8555 §7.3.1), so that neither its
        // address has to be kept nor its loss be noticed.
        return post(Payload.NewAccount(contact: contact), to: directory.newAccount.text)
    }

    private var contact: [String]? { request.email.map { ["mailto:\($0)"] } }

    /// RFC 8555 §7.3.
    private mutating func receiveAccount(_ response: ACMEResponse) -> Step {
        guard let account = JSON.decode(response.body, as: Account.self),
            let address = response.location.flatMap({ ResourceAddress($0) })
        else { return end(.unusableAnswer("it is no account")) }
        guard account.status == .valid else {
            return end(.unusableAnswer("the account was closed (\(account.status.rawValue))"))
        }
        self.account = address.text
        if let contact, account.contact.map({ $0 != contact }) ?? false {
            stage = .contact
            return post(Payload.Contact(contact: contact), to: address.text)
        }
        return orderCertificate()
    }

    /// RFC 8555 §7.4.
    private mutating func orderCertificate() -> Step {
        guard let directory else { return end(.local("there is no directory")) }
        stage = .order
        let identifiers = request.names.map { Identifier(value: $0.description) }
        return post(Payload.NewOrder(identifiers: identifiers), to: directory.newOrder.text)
    }

    private mutating func receiveNewOrder(_ response: ACMEResponse) -> Step {
        guard let order = JSON.decode(response.body, as: Order.self),
            let address = response.location.flatMap({ ResourceAddress($0) })
        else { return end(.unusableAnswer("it is no order")) }
        guard order.authorizations.count <= Self.maximumNames else {
            return end(.unusableAnswer("it has more authorizations than names"))
        }
        orderAddress = address
        self.order = order
        guard order.status == .pending, let first = order.authorizations.first else { return follow(order, nil) }
        stage = .authorization(0)
        return read(first)
    }

    /// RFC 8555 §7.5.
    private mutating func receiveAuthorization(_ response: ACMEResponse, _ index: Int) -> Step {
        guard let authorization = JSON.decode(response.body, as: Authorization.self), let order,
            // Nothing is answered for a name that nobody has asked for.
            let name = request.names.first(where: { $0.description == authorization.identifier.value.lowercased() })
        else { return end(.unusableAnswer("it is no authorization of a name that was asked for")) }
        switch authorization.status {
        case .valid: break
        case .pending:
            guard let chosen = choose(authorization, name, at: order.authorizations[index]) else {
                return end(.noWay(name))
            }
            self.chosen.append(chosen)
        case .invalid, .deactivated, .expired, .revoked: return reject(authorization, name)
        }
        if index + 1 < order.authorizations.count {
            stage = .authorization(index + 1)
            return read(order.authorizations[index + 1])
        }
        guard !chosen.isEmpty else { return readOrder() }
        stage = .challenge(0)
        return .answer(chosen.map(\.answer))
    }

    private func choose(_ authorization: Authorization, _ name: DomainName, at address: ResourceAddress) -> Chosen? {
        for kind in request.kinds {
            guard let challenge = authorization.challenges.first(where: { $0.type == kind.rawValue }),
                let token = challenge.token, Challenge.isUsable(token: token)
            else { continue }
            let keyAuthorization = request.account.keyAuthorization(of: token)
            let answer = ChallengeAnswer(kind: kind, name: name, token: token, keyAuthorization: keyAuthorization)
            return Chosen(answer: answer, challenge: challenge.url, authorization: address)
        }
        return nil
    }

    /// RFC 8555 §7.5.1.
    private mutating func receiveChallenge(
        _ response: ACMEResponse,
        _ index: Int,
        _ retryAfter: Duration?
    ) -> Step {
        guard JSON.decode(response.body, as: Challenge.self) != nil else {
            return end(.unusableAnswer("it is no challenge"))
        }
        if index + 1 < chosen.count {
            stage = .challenge(index + 1)
            return proceed()
        }
        stage = .poll(0)
        return wait(retryAfter)
    }

    private mutating func receivePoll(_ response: ACMEResponse, _ index: Int, _ retryAfter: Duration?) -> Step {
        guard let authorization = JSON.decode(response.body, as: Authorization.self) else {
            return end(.unusableAnswer("it is no authorization"))
        }
        switch authorization.status {
        case .pending: return wait(retryAfter)
        case .valid:
            guard index + 1 < chosen.count else { return readOrder() }
            stage = .poll(index + 1)
            return proceed()
        case .invalid, .deactivated, .expired, .revoked: return reject(authorization, chosen[index].answer.name)
        }
    }

    private mutating func reject(_ authorization: Authorization, _ name: DomainName) -> Step {
        let failed = authorization.challenges.first { $0.status == .invalid }
        let kind = failed.flatMap { ChallengeKind(rawValue: $0.type) } ?? request.kinds.first ?? .http
        return end(.rejected(name, kind, failed?.error))
    }

    private mutating func receiveOrder(_ response: ACMEResponse, _ retryAfter: Duration?) -> Step {
        guard let order = JSON.decode(response.body, as: Order.self) else {
            return end(.unusableAnswer("it is no order"))
        }
        // The request was sent, so that "ready" is a state of before.
        if stage == .finalize, order.status == .ready {
            stage = .orderStatus
            return wait(retryAfter)
        }
        return follow(order, retryAfter)
    }

    /// Goes on by the state of an order (RFC 8555 §7.1.6).
    private mutating func follow(_ order: Order, _ retryAfter: Duration?) -> Step {
        switch order.status {
        case .ready: return finalize(order)
        case .pending, .processing:
            stage = .orderStatus
            return wait(retryAfter)
        case .valid:
            guard let certificate = order.certificate else {
                return end(.unusableAnswer("there is no certificate in it"))
            }
            stage = .certificate
            return read(certificate)
        case .invalid: return end(order.error.map { .problem($0) } ?? .unusableAnswer("the order has become invalid"))
        }
    }

    private mutating func finalize(_ order: Order) -> Step {
        do {
            let signingRequest = try SigningRequest.make(for: request.names, key: request.key)
            stage = .finalize
            return post(Payload.Finalize(csr: Base64URL.encode(signingRequest)), to: order.finalize.text)
        } catch {
            return end(.local("a request for a certificate can't be made: \(error)"))
        }
    }

    /// RFC 8555 §7.4.2.
    private mutating func receiveCertificate(_ response: ACMEResponse) -> Step {
        do throws(KeyedCertificate.Problem) {
            let certificate = try KeyedCertificate(chain: response.body, key: request.key, names: request.names)
            stage = .ended
            return .issued(certificate)
        } catch {
            return end(.unusableCertificate(error))
        }
    }
}
