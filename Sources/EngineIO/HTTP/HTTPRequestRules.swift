/// What the head of a request says about the connection.
package struct HTTPRequestHeadFacts: Equatable {
    /// How long the body is.
    package var bodyLength: HTTPConnectionMachine.BodyLength
    /// Whether the client waits for 100 before it sends the body.
    package var expectsContinue: Bool
    /// Whether the connection lasts after the response.
    package var persists: Bool
    /// Whether the client speaks HTTP/1.0.
    package var isVersion10: Bool
    /// The target in origin form.
    package var target: String
    /// The host that is asked, with its port; `nil` where a client of HTTP/1.0 does not say.
    package var host: String?
}

/// Why a request can't be answered as HTTP demands; the raw value is the status of the answer.
package enum HTTPViolation: Int, Error, CaseIterable {
    case badRequest = 400
    case expectationFailed = 417
    /// The head is too large (RFC 6585, section 5).
    case headTooLarge = 431
    /// A transfer coding that is not known (RFC 9112, section 6.1).
    case notImplemented = 501
    case versionNotSupported = 505
}

/// What RFC 9110 and 9112 demand of a server before it looks at what is asked.
package enum HTTPRequestRules {
    /// A field that may come once.
    fileprivate struct Field {
        /// The first value.
        private(set) var value: String?
        private(set) var isRepeated = false

        mutating func add(_ value: String) {
            if self.value == nil { self.value = value } else { isRepeated = true }
        }
    }

    /// The fields that the rules are about.
    package struct Fields {
        fileprivate var host = Field()
        fileprivate var length = Field()
        fileprivate var coding = Field()
        fileprivate var expectation = Field()

        package init() {}

        /// Takes a field of the head, in the order sent.
        package mutating func add(_ name: String, _ value: String) {
            // Told apart by their lengths first: most fields are none of these.
            switch name.utf8.count {
            case 4 where equalsIgnoringASCIICase(name, "Host"): host.add(value)
            case 6 where equalsIgnoringASCIICase(name, "Expect"): expectation.add(value)
            case 14 where equalsIgnoringASCIICase(name, "Content-Length"): length.add(value)
            case 17 where equalsIgnoringASCIICase(name, "Transfer-Encoding"): coding.add(value)
            default: break
            }
        }
    }

    /// Checks the head of a request of HTTP/1.
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The request target.
    ///   - minorVersion: The minor version.
    ///   - persists: Whether version and `Connection` let the connection last (RFC 9112, section 9.3).
    ///   - fields: Those of the header fields that count.
    /// - Returns: What the head says.
    /// - Throws: What it does wrong.
    package static func check(
        method: String,
        target: String,
        minorVersion: Int,
        persists: Bool,
        fields: Fields
    ) throws(HTTPViolation) -> HTTPRequestHeadFacts {
        let isVersion10 = minorVersion == 0
        var facts = HTTPRequestHeadFacts(
            bodyLength: try bodyLength(fields, isVersion10: isVersion10),
            expectsContinue: try expectsContinue(fields, isVersion10: isVersion10),
            persists: persists,
            isVersion10: isVersion10,
            target: target,
            host: try host(fields, isVersion10: isVersion10)
        )
        if facts.bodyLength == .none { facts.expectsContinue = false }
        try readTarget(method, into: &facts)
        return facts
    }

    /// RFC 9112, section 3.2: one `Host`, and one that could be a host.
    private static func host(_ fields: Fields, isVersion10: Bool) throws(HTTPViolation) -> String? {
        guard !fields.host.isRepeated else { throw .badRequest }
        guard let host = fields.host.value else {
            if isVersion10 { return nil }
            throw .badRequest
        }
        guard host.utf8.allSatisfy(isHostByte) else { throw .badRequest }
        return host
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "\\"),
            UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
            false
        default: byte > 0x20 && byte < 0x7f
        }
    }

    /// RFC 9112, section 6: chunked is the only coding that is known, and excludes a length.
    private static func bodyLength(
        _ fields: Fields,
        isVersion10: Bool
    ) throws(HTTPViolation) -> HTTPConnectionMachine.BodyLength {
        if let coding = fields.coding.value {
            guard !isVersion10, fields.length.value == nil else { throw .badRequest }
            guard !fields.coding.isRepeated, equalsIgnoringASCIICase(coding, "chunked") else { throw .notImplemented }
            return .unknown
        }
        guard let length = fields.length.value else { return .none }
        guard !fields.length.isRepeated, !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(length)
        else { throw .badRequest }
        return count == 0 ? .none : .known(count)
    }

    /// RFC 9110, section 10.1.1; a client of HTTP/1.0 can't wait.
    private static func expectsContinue(_ fields: Fields, isVersion10: Bool) throws(HTTPViolation) -> Bool {
        guard let expectation = fields.expectation.value, !isVersion10 else { return false }
        guard !fields.expectation.isRepeated, equalsIgnoringASCIICase(expectation, "100-continue") else {
            throw .expectationFailed
        }
        return true
    }

    /// RFC 9112, section 3.2: the origin form, the absolute form, whose host counts more than the field, and `*`.
    private static func readTarget(_ method: String, into facts: inout HTTPRequestHeadFacts) throws(HTTPViolation) {
        let target = facts.target
        if target.utf8.first == UInt8(ascii: "/") { return }
        if target == "*", method == "OPTIONS" { return }
        guard let scheme = target.utf8.firstIndex(of: UInt8(ascii: ":")),
            ["http", "https"].contains(where: { equalsIgnoringASCIICase(String(target[..<scheme]), $0) }),
            target.utf8[scheme...].starts(with: "://".utf8)
        else { throw .badRequest }
        let rest = target.utf8[scheme...].dropFirst(3)
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let host = String(Substring(rest[..<end]))
        guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else { throw .badRequest }
        facts.host = host
        let path = String(Substring(rest[end...]))
        facts.target = path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
    }
}
