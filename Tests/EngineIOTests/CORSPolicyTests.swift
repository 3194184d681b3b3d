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
            ("https://a", ["Vary: Origin", "Access-Control-Allow-Origin: https://a"]), ("https://b", ["Vary: Origin"]),
            (nil, ["Vary: Origin"]),
        ] as [(String?, [String])]
    )
    func listedOrigins(origin: String?, expected: [String]) {
        #expect(text(CORSPolicy(origins: .list(["https://a"])).responseHeaders(origin: origin)) == expected)
        #expect(text(CORSPolicy(origins: .matching { $0 == "https://a" }).responseHeaders(origin: origin)) == expected)
    }

    @Test func everythingElse() {
        let policy = CORSPolicy(
            origins: .any,
            allowsCredentials: true,
            methods: ["GET"],
            allowedHeaders: ["A", "B"],
            exposedHeaders: ["C"],
            maxAge: .seconds(60)
        )
        #expect(
            text(policy.preflightHeaders(origin: nil, requestedHeaders: "X")) == [
                "Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true",
                "Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: A,B", "Access-Control-Max-Age: 60",
            ]
        )
        #expect(
            text(policy.responseHeaders(origin: nil)) == [
                "Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true",
                "Access-Control-Expose-Headers: C",
            ]
        )
    }
}
