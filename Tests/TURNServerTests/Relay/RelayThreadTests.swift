import NIOCore
import STUN
import TURN
import Testing

@testable import TURNServer

@Suite struct RelayThreadTests {
    /// Whoever floods one thread through another costs the server so much and no more.
    @Test(arguments: [(1, 8_000...16_384), (60_000, 60...70)])
    func forwardedMessagesHaveALimit(length: Int, expected: ClosedRange<Int>) throws {
        let thread = try RelayThread(index: 0)
        let address = TransportAddress(ip: IPAddress(ipv4: 0x7F00_0001), port: 1)
        let message = RelayThread.ForwardedMessage(
            flow: RelayThread.ForwardedFlow(transport: .udp, client: address, local: address, scope: 0),
            bytes: ByteBuffer(repeating: 0, count: length),
            stream: nil,
            forwarder: 1
        )
        for _ in 0..<2 {
            for _ in 0..<20_000 { thread.post(.forwarded(message)) }
            thread.post(.stop)
            let messages = thread.takeMessages()
            #expect(expected.contains(messages.count - 1))
            guard case .stop = messages.last else { throw RecordingInbox.Silence() }
        }
    }
}
