import Testing

@testable import LinkUpServer

/// Which addresses are drawn: those of rooms of this server, and no others.
@Suite
struct InviteCodesTests {
    private func address(
        _ origin: String,
        host: String? = "meet.example:3000",
        base: BasePath = .root
    ) throws -> String? {
        try InviteAddress(
            RoomName("tea"),
            origin: origin,
            host: host,
            publicHosts: ["talk.example"],
            base: base
        )?
        .value
    }

    @Test(arguments: [
        // What was asked for, by either scheme, since a proxy may have taken TLS off.
        ("http://meet.example:3000", "http://meet.example:3000/r/tea"),
        ("https://meet.example:3000", "https://meet.example:3000/r/tea"),
        ("HTTPS://Meet.Example:3000", "https://meet.example:3000/r/tea"),
        // What the operator has named, behind whatever port.
        ("https://talk.example", "https://talk.example/r/tea"),
        ("https://talk.example:8443", "https://talk.example:8443/r/tea"),
    ])
    func ownAddresses(origin: String, expected: String) throws {
        #expect(try address(origin) == expected)
    }

    @Test(arguments: [
        "https://evil.example", "https://meet.example", "https://meet.example:3001", "https://talk.example.evil",
        "https://user@meet.example:3000", "javascript://meet.example:3000", "ftp://talk.example", "//talk.example",
        "talk.example", "", "https://", "https://talk.example/", "https://talk.example/x", "https://talk.example?x",
        "https://192.0.2.1", "https://localhost", "https://talk.example#", "https://talk.example:", "null",
        "https://tálk.example", "https://talk.example\u{0}",
    ])
    func othersAreNotDrawn(origin: String) throws {
        #expect(try address(origin) == nil)
    }

    @Test
    func theWholePathIsInIt() throws {
        let base = try #require(BasePath("/talk"))
        #expect(try address("https://talk.example", base: base) == "https://talk.example/talk/r/tea")
        let literal = "[2001:db8::1]:3000"
        #expect(try address("http://\(literal)", host: literal) == "http://\(literal)/r/tea")
        #expect(try address("http://meet.example:3000", host: nil) == nil)
    }

    @Test
    func picturesAreKeptAndNotForEver() {
        let codes = InviteCodes(publicHosts: [], base: .root)
        let picture = { (room: String?) in codes.picture(room: room, origin: "http://h", host: "h") }
        for room in [nil, "", "a b", "../x", String(repeating: "x", count: Limits.roomName + 1)] {
            #expect(picture(room) == nil)
        }
        #expect(codes.count == 0)
        let first = picture("room-0")
        for number in 0..<InviteCodes.kept { #expect(picture("room-\(number)") != nil) }
        #expect(codes.count == InviteCodes.kept && picture("room-0") == first)
        #expect(codes.count == InviteCodes.kept)
        #expect(picture("another") != nil && codes.count == 1)
    }
}
