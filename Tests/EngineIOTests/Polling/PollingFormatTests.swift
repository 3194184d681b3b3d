import NIOCore
import Testing

@testable import EngineIO

@Suite struct PollingFormatTests {
    private func format(
        _ query: String,
        _ version: EngineProtocolVersion = .v3,
        allowEIO3: Bool = true
    ) -> PollingFormat {
        let target = "/engine.io/?" + query
        let handshake = HandshakeRequest(
            target: target,
            query: RequestTarget(target).query,
            headers: [],
            remoteAddress: "",
            isSecure: false,
            time: .now
        )
        return PollingFormat(
            handshake,
            version: version,
            base64: false,
            configuration: EngineConfiguration(allowEIO3: allowEIO3)
        )
    }

    @Test(
        arguments: [
            ("j=12", EngineProtocolVersion.v3, true, #"___eio[12]("5:4\"a\nb");"#),
            ("j=0", .v4, true, #"___eio[0]("4\"a\nb");"#), ("j=1);alert(1", .v4, true, #"___eio[11]("4\"a\nb");"#),
            ("j=", .v4, true, #"___eio[]("4\"a\nb");"#), ("j=12", .v4, false, "4\"a\nb"), ("", .v3, true, "5:4\"a\nb"),
        ]
    )
    func scriptsCallTheirCallback(query: String, version: EngineProtocolVersion, allowEIO3: Bool, body: String) {
        let encoded = format(query, version, allowEIO3: allowEIO3).encode([.text("\"a\nb")])
        #expect(String(buffer: encoded.body) == body)
        #expect(!encoded.isBinary)
    }

    @Test func lineSeparatorsAndBinaryAreFitForScripts() {
        #expect(String(buffer: format("j=1").encode([.text("\u{2028}")]).body) == #"___eio[1]("2:4\u2028");"#)
        let binary = format("j=1").encode([.binary(ByteBuffer(bytes: [1, 2, 3, 4]))])
        #expect(String(buffer: binary.body) == #"___eio[1]("10:b4AQIDBA==");"#)
        #expect(!binary.isBinary)
    }

    @Test(
        arguments: [
            ("d=4a", "4a"), ("x=1&d=4%20+b&d=2", "4  b"), ("d=", ""), ("x=d=1", nil), ("", nil),
            (#"d=a\nb"#, "a\nb"), (#"d=a\\nb"#, #"a\nb"#), (#"d=a\\\nb"#, #"a\\nb"#), (#"d=\"#, #"\"#),
            (#"d=\\"#, #"\\"#),
            ("d=%5Cn", "\n"), ("d=%E2%80%A8", "\u{2028}"),
        ] as [(String, String?)]
    )
    func formsCarryThePayload(form: String, payload: String?) {
        #expect(format("j=1").payload(of: ByteBuffer(string: form)).map { String(buffer: $0) } == payload)
        #expect(format("").payload(of: ByteBuffer(string: form)) == ByteBuffer(string: form))
    }

    @Test(
        arguments: [
            ([], nil), (["gzip, deflate, br"], .gzip), (["deflate"], .deflate), (["deflate, gzip"], .gzip),
            (["gzip;q=0.5, deflate;q=0.8"], .deflate), (["gzip;q=0"], nil), (["gzip ; q=0 , deflate"], .deflate),
            (["*"], .gzip), (["*;q=0.1, gzip;q=0"], .deflate), (["*;q=0"], nil), (["identity"], nil), (["br"], nil),
            (["GZIP"], .gzip), (["br", "deflate;q=1.000"], .deflate), (["gzip;q=2"], nil), (["gzip;q=0.0001"], nil),
            (["gzip;q=x, deflate;q=0.001"], .deflate), ([",;,"], nil), ([""], nil),
        ] as [([String], ContentCoding?)]
    )
    func theCodingIsTheClientsChoice(fields: [String], coding: ContentCoding?) {
        #expect(ContentCoding.preferred(by: fields) == coding)
    }
}
