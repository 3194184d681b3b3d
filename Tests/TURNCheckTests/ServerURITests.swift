import Testing

@testable import TURNCheck

@Suite
struct ServerURITests {
    @Test(arguments: [
        ("stun:example.org", ServerURI(scheme: .stun, host: "example.org")),
        ("STUN:example.org:1", ServerURI(scheme: .stun, host: "example.org", port: 1)),
        ("stuns:192.0.2.1", ServerURI(scheme: .stuns, host: "192.0.2.1")),
        ("turn:[2001:db8::1]:65535", ServerURI(scheme: .turn, host: "2001:db8::1", port: 65535)),
        ("turn:[2001:DB8:0::1]", ServerURI(scheme: .turn, host: "2001:db8::1")),
        ("turn:h?transport=udp", ServerURI(scheme: .turn, host: "h", transport: .udp)),
        ("turn:h:9?Transport=TCP", ServerURI(scheme: .turn, host: "h", port: 9, transport: .tcp)),
        ("turns:a-b_c.d?transport=tcp", ServerURI(scheme: .turns, host: "a-b_c.d", transport: .tcp)),
    ])
    func addressesAreRead(text: String, expected: ServerURI) throws {
        let uri = try ServerURI(text)
        #expect(uri == expected)
        #expect(try ServerURI(uri.description) == uri)
    }

    @Test(arguments: [
        "", "stun", "stun:", "h", "http:h", "turn://h", "turn:u@h", "turn:u:p@h", "turn:h:", "turn:h:0", "turn:h:65536",
        "turn:h:+1", "turn:h:1:2", "turn:::1", "turn:[::1", "turn:[]", "turn:[1.2.3.4]", "turn:[::1]x", "turn:[::1]:",
        "turn:h?", "turn:h?transport=", "turn:h?transport=tls", "turn:h?transport=sctp", "turn:h?x=y",
        "turns:h?transport=udp", "turn:h /", "turn:hé", "turn:h%41", "turn:" + String(repeating: "h", count: 256),
    ])
    func whatIsNoAddressIsRefused(text: String) {
        let error = #expect(throws: ServerURI.ParsingError.self) { try ServerURI(text) }
        #expect(error?.reason.contains("must") == true)
    }

    @Test
    func ways() throws {
        typealias Way = ServerURI.Way
        #expect(
            try ServerURI("turn:h").ways == [
                Way(transport: .udp, port: 3478, isRequired: true), Way(transport: .tcp, port: 3478, isRequired: false),
                Way(transport: .tls, port: 5349, isRequired: false),
            ]
        )
        #expect(
            try ServerURI("stun:h:99").ways == [
                Way(transport: .udp, port: 99, isRequired: true), Way(transport: .tcp, port: 99, isRequired: false),
            ]
        )
        #expect(try ServerURI("turn:h?transport=tcp").ways == [Way(transport: .tcp, port: 3478, isRequired: true)])
        #expect(try ServerURI("turns:h").ways == [Way(transport: .tls, port: 5349, isRequired: true)])
        #expect(try ServerURI("stuns:h:443").ways == [Way(transport: .tls, port: 443, isRequired: true)])
    }

    @Test(arguments: [
        ("ann:pw", Login(username: "ann", password: "pw")),
        ("ann:p:w:", Login(username: "ann", password: "p:w:")),
        ("1700000000:ann:pw=", Login(username: "1700000000:ann", password: "pw=")),
        ("1700000000:pw", Login(username: "1700000000", password: "pw")),
        ("ann", nil), (":pw", nil), ("ann:", nil), ("", nil), (":", nil), ("17:ann:", nil),
    ])
    func logins(text: String, expected: Login?) {
        #expect(Login(text) == expected)
    }
}
