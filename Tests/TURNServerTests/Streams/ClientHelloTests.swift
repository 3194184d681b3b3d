import NIOCore
import NIOSSL
import Testing

@testable import TURNServer

@Suite struct ClientHelloTests {
    /// A message as clients send it, with these extensions.
    private static func hello(_ extensions: [(Int, [UInt8])], in pieces: Int = 1) -> [UInt8] {
        var list: [UInt8] = []
        for (type, value) in extensions { list += [0, UInt8(type)] + length(value, 2) + value }
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
        // A session, a cipher, no compression.
        body += [4, 1, 2, 3, 4, 0, 2, 0x13, 1, 1, 0]
        body += length(list, 2) + list
        let message: [UInt8] = [1] + length(body, 3) + body
        let size = (message.count + pieces - 1) / pieces
        return stride(from: 0, to: message.count, by: size).flatMap { start in
            let piece = Array(message[start..<min(start + size, message.count)])
            return [0x16, 3, 1] + length(piece, 2) + piece
        }
    }

    private static func length(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * (count - 1 - $0))) }
    }

    private static func name(_ text: String) -> (Int, [UInt8]) {
        let entry = [0] + length(Array(text.utf8), 2) + Array(text.utf8)
        return (0, length(entry, 2) + entry)
    }

    private static func protocols(_ names: [String]) -> (Int, [UInt8]) {
        let list = names.flatMap { length(Array($0.utf8), 1) + Array($0.utf8) }
        return (16, length(list, 2) + list)
    }

    @Test(arguments: [1, 2, 3, ClientHello.maximumRecords])
    func nameAndProtocolsAreRead(pieces: Int) {
        let bytes = Self.hello(
            [(10, [1, 2]), Self.name("Talk.example.org"), Self.protocols(["acme-tls/1"])],
            in: pieces
        )
        let whole = ClientHello(serverName: "talk.example.org", protocols: ["acme-tls/1"])
        #expect(ClientHello.read(bytes) == .whole(whole))
        // What follows belongs to what is read next.
        #expect(ClientHello.read(bytes + [0x17, 3, 3, 0, 1, 0]) == .whole(whole))
        for length in bytes.indices {
            guard case .incomplete(let needed) = ClientHello.read(bytes.prefix(length)) else {
                Issue.record("\(length) bytes are no whole message")
                continue
            }
            #expect(needed > length && needed <= bytes.count)
        }
    }

    @Test func mostSayLess() {
        #expect(ClientHello.read(Self.hello([])) == .whole(ClientHello()))
        let two = Self.hello([Self.protocols(["h2", "http/1.1"])])
        #expect(ClientHello.read(two) == .whole(ClientHello(serverName: nil, protocols: ["h2", "http/1.1"])))
    }

    @Test(
        arguments: [
            [0x15], [0x16, 2], [0x16, 3, 1, 0, 0], [0x16, 3, 1, 0x40, 1], [0x16, 3, 1, 0, 4, 2],
            [0x16, 3, 1, 0, 4, 1, 1, 0, 0],
            [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3],
        ] as [[UInt8]]
    )
    func othersAreKnownEarly(bytes: [UInt8]) {
        #expect(bytes == [0x16, 2] || ClientHello.read(bytes) == .other)
        #expect(ClientHello.read(bytes + [UInt8](repeating: 0, count: 40)) == .other)
    }

    @Test func moreRecordsThanAnybodySendsAreNotWaitedFor() {
        let bytes = Self.hello([Self.name("talk.example.org")], in: ClientHello.maximumRecords + 1)
        #expect(ClientHello.read(bytes) == .other)
    }

    /// Whatever a byte is changed to, nothing traps.
    @Test func anyByteMayBeAnyOther() {
        let bytes = Self.hello([Self.name("talk.example.org"), Self.protocols(["acme-tls/1"])], in: 2)
        var readings: Set<String> = []
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = value
                for reading in [ClientHello.read(changed), ClientHello.read(changed + bytes)] {
                    readings.insert(String("\(reading)".prefix(5)))
                }
            }
        }
        #expect(readings == ["incom", "other", "whole"])
    }

    /// RFC 8737: only who offers the one protocol, and asks for the name, is shown the challenge's certificate.
    @Test func aChallengeHasACertificateOfItsOwn() throws {
        let files = try TestCertificateFiles()
        let contexts = try files.contexts()
        let usual = contexts.context(at: .now())
        let pem = TestCertificate.second.key + "\n" + TestCertificate.second.certificate + "\n"
        func chosen(_ extensions: [(Int, [UInt8])], cut: Int = 0) -> NIOSSLContext? {
            let buffer = ByteBuffer(bytes: Self.hello(extensions).dropLast(cut))
            guard case .context(let context) = contexts.choice(for: buffer.readableBytesView, at: .now()) else {
                return nil
            }
            return context
        }
        let wanted = [Self.name("talk.example.org"), Self.protocols(["acme-tls/1"])]
        // Nothing is waited for while there is no challenge.
        #expect(chosen(wanted, cut: 10) === usual)
        try contexts.answerChallenge(for: "talk.example.org", with: pem)
        #expect(chosen(wanted) !== usual)
        #expect(chosen(wanted, cut: 10) == nil)
        #expect(chosen([Self.name("call.example.org"), Self.protocols(["acme-tls/1"])]) === usual)
        #expect(chosen([Self.protocols(["acme-tls/1"])]) === usual)
        #expect(chosen([Self.name("talk.example.org"), Self.protocols(["acme-tls/1", "h2"])]) === usual)
        #expect(chosen([Self.name("talk.example.org")]) === usual)
        contexts.endChallenges()
        #expect(chosen(wanted) === usual)
        #expect(throws: (any Error).self) { try contexts.answerChallenge(for: "a", with: "no PEM") }
    }
}
