import Testing

@testable import EngineIO

/// What RFC 9110 and 9112 demand of the head of a request.
@Suite struct HTTPRequestRulesTests {
    private func check(
        _ fields: [(String, String)],
        method: String = "POST",
        target: String = "/",
        minorVersion: Int = 1
    ) throws(HTTPViolation) -> HTTPRequestHeadFacts {
        var found = HTTPRequestRules.Fields()
        for (name, value) in fields { found.add(name, value) }
        return try HTTPRequestRules.check(
            method: method,
            target: target,
            minorVersion: minorVersion,
            persists: true,
            fields: found
        )
    }

    private static let host = ("Host", "a")

    @Test(
        arguments: [
            ([host], 1, nil), ([], 1, .badRequest), ([host, host], 1, .badRequest), ([("hOST", "a:1")], 1, nil),
            ([("Host", "")], 1, nil), ([("Host", "a b")], 1, .badRequest), ([("Host", "a/b")], 1, .badRequest),
            ([("Host", "a, b")], 1, .badRequest), ([("Host", "\u{e9}")], 1, .badRequest), ([], 0, nil),
            ([host, host], 0, .badRequest), ([("Host", "[::1]:80")], 1, nil),
            ([host, ("Transfer-Encoding", "Chunked")], 1, nil),
            ([host, ("Transfer-Encoding", "identity")], 1, .notImplemented),
            ([host, ("Transfer-Encoding", "gzip, chunked")], 1, .notImplemented),
            ([host, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], 1, .notImplemented),
            ([host, ("Transfer-Encoding", "chunked"), ("Content-Length", "1")], 1, .badRequest),
            ([host, ("Transfer-Encoding", "chunked")], 0, .badRequest),
            ([host, ("Content-Length", "x")], 1, .badRequest), ([host, ("Content-Length", "+1")], 1, .badRequest),
            ([host, ("Content-Length", "")], 1, .badRequest),
            ([host, ("Content-Length", "1"), ("Content-Length", "1")], 1, .badRequest),
            ([host, ("Content-Length", "99999999999999999999")], 1, .badRequest),
            ([host, ("Expect", "100-Continue")], 1, nil), ([host, ("Expect", "coffee")], 1, .expectationFailed),
            ([host, ("Expect", "coffee")], 0, nil),
        ] as [([(String, String)], Int, HTTPViolation?)]
    )
    func fieldsAreHeldToTheRules(fields: [(String, String)], minorVersion: Int, violation: HTTPViolation?) {
        if let violation {
            #expect(throws: violation) { try check(fields, minorVersion: minorVersion) }
        } else {
            #expect(throws: Never.self) { try check(fields, minorVersion: minorVersion) }
        }
    }

    @Test(
        arguments: [
            ([host], .none), ([host, ("Content-Length", "0")], .none), ([host, ("Content-Length", "07")], .known(7)),
            ([host, ("transfer-encoding", "chunked")], .unknown),
        ] as [([(String, String)], HTTPConnectionMachine.BodyLength)]
    )
    func bodiesHaveTheLengthThatIsSaid(fields: [(String, String)], length: HTTPConnectionMachine.BodyLength) throws {
        #expect(try check(fields).bodyLength == length)
    }

    @Test func nothingIsExpectedWithoutABody() throws {
        let fields = [Self.host, ("Expect", "100-continue")]
        #expect(try !check(fields).expectsContinue)
        #expect(try check(fields + [("Content-Length", "1")]).expectsContinue)
        #expect(try !check(fields + [("Content-Length", "1")], minorVersion: 0).expectsContinue)
    }

    @Test(
        arguments: [
            ("/a?b", "/a?b", "a"), ("http://B.example/a?b", "/a?b", "B.example"), ("HTTPS://b:1", "/", "b:1"),
            ("http://b?c", "/?c", "b"), ("//b/c", "//b/c", "a"),
        ]
    )
    func targetsAreReadInEachForm(target: String, origin: String, host: String) throws {
        let facts = try check([Self.host], target: target)
        #expect(facts.target == origin)
        #expect(facts.host == host)
    }

    @Test(arguments: ["a", "*", "", "ftp://b/", "http:/b", "http:///c", "http://u@b/", "b:80"])
    func otherTargetsAreRefused(target: String) {
        #expect(throws: HTTPViolation.badRequest) { try check([Self.host], target: target) }
    }

    @Test func theServerAsAWholeCanBeAskedForItsOptions() throws {
        #expect(try check([Self.host], method: "OPTIONS", target: "*").target == "*")
    }
}
