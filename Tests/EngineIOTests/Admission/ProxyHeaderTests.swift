import NIOCore
import Testing

@testable import EngineIO

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    /// A header of version 2.
    private static func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    }

    private static let source = IPAddress(ipv4: 0xC000_0201)
    private static let ipv4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 3, 232, 0, 80]
    private static let ipv6: [UInt8] =
        [0x20, 1, 13, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 0, count: 16) + [1, 2, 3, 4]
    private static let mapped: [UInt8] =
        [UInt8](repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1]
        + [UInt8](repeating: 0, count: 16) + [1, 2, 3, 4]

    static let headers: [(bytes: [UInt8], source: String?, port: UInt16)] = [
        (Array("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n".utf8), "192.0.2.1", 1000),
        (Array("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n".utf8), "2001:db8::1", 65_535),
        (Array("PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n".utf8), "192.0.2.1", 0),
        (Array("PROXY UNKNOWN\r\n".utf8), nil, 0),
        (Array("PROXY UNKNOWN ffff:f... 1 2 3\r\n".utf8), nil, 0),
        (binary(0x21, 0x11, ipv4), "192.0.2.1", 1000),
        (binary(0x21, 0x12, ipv4 + [4, 0, 1, 0]), "192.0.2.1", 1000),
        (binary(0x21, 0x21, ipv6), "2001:db8::1", 258),
        (binary(0x21, 0x21, mapped), "192.0.2.1", 258),
        (binary(0x20, 0x00, []), nil, 0),
        (binary(0x20, 0x11, ipv4), nil, 0),
        (binary(0x21, 0x00, []), nil, 0),
        (binary(0x21, 0x31, [UInt8](repeating: 97, count: 216)), nil, 0),
    ]

    @Test(arguments: headers.indices)
    func readsWholeHeadersAndWaitsForTheRest(index: Int) {
        let (bytes, source, port) = Self.headers[index]
        let header = source.flatMap { IPAddress($0) }.map { ProxyHeader.proxied($0, port: port) } ?? .local
        #expect(ProxyHeader.read(ByteBuffer(bytes: bytes)) == .header(header, length: bytes.count))
        let more = ByteBuffer(bytes: bytes + Array("GET / HTTP/1.1".utf8))
        #expect(ProxyHeader.read(more) == .header(header, length: bytes.count))
        for length in bytes.indices {
            #expect(ProxyHeader.read(ByteBuffer(bytes: bytes[..<length])) == .wait, "\(length) bytes")
        }
    }

    @Test(
        arguments: [
            "GET / HTTP/1.1\r\n", "PROXX", "proxy TCP4", "PROXY\r\n", "PROXY TCP4\r\n",
            "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "PROXY TCP4 ::ffff:192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n", "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx", "PROXY \r\n",
        ]
    )
    func refusesLines(line: String) {
        #expect(ProxyHeader.read(ByteBuffer(string: line)) == .malformed)
    }

    @Test func linesAreLimited() {
        let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 16)
        #expect(ProxyHeader.read(ByteBuffer(string: longest + "\r\n")) == .header(.local, length: 107))
        #expect(ProxyHeader.read(ByteBuffer(string: longest + "x\r\n")) == .malformed)
        #expect(ProxyHeader.read(ByteBuffer(string: longest + "x")) == .wait)
        #expect(ProxyHeader.read(ByteBuffer(string: longest + "xx")) == .malformed)
    }

    @Test(
        arguments: [
            binary(0x11, 0x11, ipv4), binary(0x22, 0x11, ipv4), binary(0x21, 0x41, ipv4),
            binary(0x21, 0x11, Array(ipv4.dropLast())),
            binary(0x21, 0x21, ipv4), Array(signature.dropLast()) + [11], [13, 10, 13, 11],
        ] as [[UInt8]]
    )
    func refusesBinary(bytes: [UInt8]) {
        #expect(ProxyHeader.read(ByteBuffer(bytes: bytes)) == .malformed)
    }

    @Test func binaryHeadersAreLimited() {
        let padding = [UInt8](repeating: 0, count: 2048 - 16 - Self.ipv4.count)
        let longest = Self.binary(0x21, 0x11, Self.ipv4 + padding)
        let header = ProxyHeader.proxied(Self.source, port: 1000)
        #expect(ProxyHeader.read(ByteBuffer(bytes: longest)) == .header(header, length: 2048))
        // One past the limit is refused before its body is there.
        let tooLong = Self.binary(0x21, 0x11, Self.ipv4 + padding + [0]).prefix(16)
        #expect(ProxyHeader.read(ByteBuffer(bytes: tooLong)) == .malformed)
    }
}
