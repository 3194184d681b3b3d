import NIOCore
import Testing

@testable import EngineIO

/// Four times the input costs about four times as much, whoever wrote it; sixteen times would be quadratic.
@Suite(.serialized) struct LinearCostTests {
    /// A decoder, and the input that asks most of it.
    enum Decoder: String, CaseIterable, Sendable {
        case base64
        case manyPackets
        case manyPacketsOfProtocol3
        case onePacketOfProtocol3
        case manyFrames
        case manyFragments
        case oneFrameInManyReads
        case form
        case query
        case jsonString
        case forwardedFields
        case extensions

        /// Decodes an input of so many units.
        func run(_ count: Int) {
            switch self {
            case .base64: _ = Base64.decode(ByteBuffer(string: String(repeating: "AAA\n", count: count)))
            case .manyPackets:
                var decoder = PayloadV4.Decoder(ByteBuffer(string: String(repeating: "4\u{1e}", count: count) + "4"))
                while (try? decoder.next()) != nil {}
            case .manyPacketsOfProtocol3:
                let payload = ByteBuffer(string: String(repeating: "1:4", count: count))
                var decoder = PayloadV3.Decoder(payload, isBinary: false)
                while (try? decoder.next()) != nil {}
            case .onePacketOfProtocol3:
                let payload = ByteBuffer(string: "\(count):4" + String(repeating: "é", count: count - 1))
                var decoder = PayloadV3.Decoder(payload, isBinary: false)
                while (try? decoder.next()) != nil {}
            case .manyFrames:
                var bytes = ByteBuffer()
                for _ in 0..<count { bytes.writeBytes([0x81, 0x81, 1, 2, 3, 4, 5]) }
                decode([bytes])
            case .manyFragments:
                var bytes = ByteBuffer(bytes: [0x02, 0x81, 1, 2, 3, 4, 5])
                for _ in 0..<count { bytes.writeBytes([0x00, 0x81, 1, 2, 3, 4, 5]) }
                decode([bytes])
            case .oneFrameInManyReads:
                var head = ByteBuffer(bytes: [0x82, 0xff])
                head.writeInteger(UInt64(count))
                head.writeInteger(UInt32(7))
                decode([head] + Array(repeating: ByteBuffer(bytes: [1]), count: count))
            case .form: _ = RequestTarget.decode(String(repeating: "%20", count: count)[...].utf8)
            case .query: _ = RequestTarget("/a?" + String(repeating: "a=b&", count: count))
            case .jsonString:
                var buffer = ByteBuffer()
                let text = ByteBuffer(string: String(repeating: "\u{2028}\u{1}\"", count: count))
                JSONString.write(text.readableBytesView, into: &buffer)
            case .forwardedFields:
                let proxies = TrustedProxies(["192.0.2.0/24"])
                let field = String(repeating: "192.0.2.1, ", count: count) + "203.0.113.1"
                guard let peer = IPAddress("192.0.2.1") else { return }
                _ = proxies.client(behind: peer, isSecure: false) { $0 == "X-Forwarded-For" ? [field] : [] }
            case .extensions: _ = PerMessageDeflate().accept([String(repeating: "a;b=c,", count: count) + "a"])
            }
        }

        private func decode(_ reads: [ByteBuffer]) {
            var decoder = WebSocketDecoder(maxMessageSize: 100_000_000)
            var spare = ByteBuffer()
            for read in reads {
                decoder.receive(read, spare: &spare)
                while decoder.next() != .incomplete {}
                decoder.finish(spare: &spare)
            }
        }
    }

    @Test(arguments: Decoder.allCases)
    func fourTimesTheInputCostsAboutFourTimesAsMuch(decoder: Decoder) {
        func time(_ count: Int) -> Duration {
            (0..<4).map { _ in ContinuousClock().measure { decoder.run(count) } }.min() ?? .zero
        }
        // Other tests run meanwhile; what is quadratic is so each time.
        var times: [String] = []
        for _ in 0..<5 {
            let (small, large) = (time(2000), time(8000))
            if large < small * 9 { return }
            times.append("\(small), then \(large)")
        }
        Issue.record("\(decoder): \(times)")
    }
}
