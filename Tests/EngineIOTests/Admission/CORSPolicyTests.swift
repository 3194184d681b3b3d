import EngineIO
import Testing

@Suite struct CORSPolicyTests {
    private func text(_ headers: [(name: String, value: String)]) -> [String] {
        headers.map { "\($0.name): \($0.value)" }
    }

    @Test func anyOrigin() {
        let policy = CORSPolicy(origins: .any)
        #expect(text(policy.responseHeaders(origin: "https://a")) == ["Access-Control-Allow-Origin: *"])
        #expect(
            text(policy.preflightHeaders(origin: nil, requestedHeaders: "X-One")) == [
                "Access-Control-Allow-Origin: *",
                "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE",
                "Vary: Access-Control-Request-Headers",
                "Access-Control-Allow-Headers: X-One",
            ]
        )
    }

    @Test(
        arguments: [
            ("https://a", ["Access-Control-Allow-Origin: https://a", "Vary: Origin"]), ("https://b", ["Vary: Origin"]),
            ("https://a.evil", ["Vary: Origin"]), (nil, ["Vary: Origin"]),
        ] as [(String?, [String])]
    )
    func selectedOrigins(origin: String?, expected: [String]) {
        let forms = [
            CORSPolicy.Origins.list(["https://a"]), .matching { $0 == "https://a" }, .pattern(/https:\/\/a/),
        ]
        for form in forms {
            #expect(text(CORSPolicy(origins: form).responseHeaders(origin: origin)) == expected)
        }
    }

    @Test(arguments: ["https://a", "https://b", nil] as [String?])
    func oneOriginIsNamedWhoeverAsks(origin: String?) {
        let policy = CORSPolicy(origins: .exactly("https://a"))
        #expect(
            text(policy.responseHeaders(origin: origin)) == ["Access-Control-Allow-Origin: https://a", "Vary: Origin"]
        )
    }

    @Test func reflectedOrigins() {
        let policy = CORSPolicy(origins: .reflected, allowsCredentials: true)
        #expect(
            text(policy.responseHeaders(origin: "https://b")) == [
                "Access-Control-Allow-Origin: https://b", "Vary: Origin", "Access-Control-Allow-Credentials: true",
            ]
        )
        #expect(text(policy.responseHeaders(origin: nil)).first == "Vary: Origin")
    }

    @Test func everythingElse() {
        let policy = CORSPolicy(
            origins: .any,
            methods: ["GET"],
            allowedHeaders: ["A", "B"],
            exposedHeaders: ["C"],
            maxAge: .seconds(60)
        )
        #expect(
            text(policy.preflightHeaders(origin: nil, requestedHeaders: "X")) == [
                "Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: C",
                "Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: A,B", "Access-Control-Max-Age: 60",
            ]
        )
        #expect(
            text(policy.responseHeaders(origin: nil)) == [
                "Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: C",
            ]
        )
    }
}
