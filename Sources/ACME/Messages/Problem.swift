/// What a certificate authority says of an error (RFC 7807, RFC 8555 §6.7).
public struct Problem: Equatable, Sendable {
    /// The kinds of problems (RFC 8555 §6.7), without their common prefix.
    public enum Kind: Equatable, Sendable {
        case accountDoesNotExist, alreadyRevoked, badCSR, badNonce, badPublicKey, badRevocationReason
        case badSignatureAlgorithm, caa, compound, connection, dns, externalAccountRequired, incorrectResponse
        case invalidContact, malformed, orderNotReady, rateLimited, rejectedIdentifier, serverInternal, tls
        case unauthorized, unsupportedContact, unsupportedIdentifier, userActionRequired
        /// One that is registered later, or of another authority's own.
        case other(String)
    }

    /// What all kinds of RFC 8555 begin with.
    static let prefix = "urn:ietf:params:acme:error:"

    /// The most characters of an authority's words that are repeated.
    static let maximumDetailLength = 300

    /// Which problem it is.
    public var kind: Kind
    /// The authority's own words, in one line of visible characters.
    public var detail: String
    /// The problems of single names.
    public var subproblems: [Problem]

    /// Makes a problem.
    public init(_ kind: Kind, detail: String = "", subproblems: [Problem] = []) {
        self.kind = kind
        self.detail = detail
        self.subproblems = subproblems
    }
}

extension Problem: Decodable {
    private enum CodingKeys: String, CodingKey {
        case type, detail, subproblems
    }

    /// The most single problems that are kept.
    private static let maximumSubproblems = 5

    /// Reads a problem document.
    /// - Throws: What the decoder throws if it is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = Kind(try container.decode(String.self, forKey: .type))
        detail = Self.line(try container.decodeIfPresent(String.self, forKey: .detail) ?? "")
        // What is deeper is of no use to who reads it.
        let parts = (try? container.decodeIfPresent([Part].self, forKey: .subproblems)) ?? []
        subproblems = parts.prefix(Self.maximumSubproblems).map { part in
            let name = part.identifier.map { "\(Self.line($0.value)): " } ?? ""
            return Problem(Kind(part.type), detail: name + Self.line(part.detail ?? ""))
        }
    }

    private struct Part: Decodable {
        var type: String
        var detail: String?
        var identifier: Identifier?
    }

    /// A text that can stand in a log: nothing that a terminal obeys, and no end of the line.
    static func line(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maximumDetailLength) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                line.append(" ")
            default: line.append(scalar)
            }
        }
        return String(line)
    }
}

extension Problem: CustomStringConvertible {
    /// The kind in words, and the authority's own words.
    public var description: String {
        let details = ([detail] + subproblems.map(\.detail)).filter { !$0.isEmpty }
        return details.isEmpty ? kind.words : "\(kind.words) (\(details.joined(separator: "; ")))"
    }
}

extension Problem.Kind {
    /// Reads the type of a problem document.
    init(_ type: String) {
        guard type.hasPrefix(Problem.prefix) else {
            self = .other(Problem.line(type))
            return
        }
        let name = String(type.dropFirst(Problem.prefix.count))
        self = Self.registered.first { $0.name == name } ?? .other(Problem.line(name))
    }

    /// All kinds of RFC 8555.
    static let registered: [Self] = [
        .accountDoesNotExist, .alreadyRevoked, .badCSR, .badNonce, .badPublicKey, .badRevocationReason,
        .badSignatureAlgorithm, .caa, .compound, .connection, .dns, .externalAccountRequired, .incorrectResponse,
        .invalidContact, .malformed, .orderNotReady, .rateLimited, .rejectedIdentifier, .serverInternal, .tls,
        .unauthorized, .unsupportedContact, .unsupportedIdentifier, .userActionRequired,
    ]

    /// The name that the kind is registered with.
    var name: String {
        if case .other(let name) = self { name } else { "\(self)" }
    }

    /// What is wrong, for the operator of a server.
    var words: String {
        switch self {
        case .accountDoesNotExist: "it does not know the account"
        case .badNonce: "it takes no nonce of its own"
        case .caa: "a CAA record of the name's DNS does not let it give out certificates"
        case .compound: "several names have problems"
        case .connection: "it can't connect to this server: do firewalls and routers let it through?"
        case .dns: "it does not find the name, or no address of it, in the DNS"
        case .externalAccountRequired: "it wants an account that was made elsewhere, which is not supported"
        case .incorrectResponse, .unauthorized:
            "another server than this one has answered, or none of use: does the name lead to this machine?"
        case .invalidContact, .unsupportedContact: "it does not take the address given with --acme-email"
        case .rateLimited: "there were too many requests for this account, name or network"
        case .rejectedIdentifier: "it gives out no certificates for the name"
        case .serverInternal: "it has a problem of its own"
        case .tls: "there was no TLS with this server"
        case .unsupportedIdentifier: "it does not do names of this kind"
        case .userActionRequired: "its terms have changed: they have to be agreed to by hand"
        case .alreadyRevoked, .badCSR, .badPublicKey, .badRevocationReason, .badSignatureAlgorithm, .malformed,
            .orderNotReady:
            "it does not take the request: \(name)"
        case .other(let name): "it says \(name)"
        }
    }
}
