import Glibc
import Locking
import Logging
import NIOCore
import NIOPosix
import STUN
import TURN
import Testing

import struct Synchronization.Atomic

@testable import TURNServer

/// Records what a relay thread would be told; the test does what the thread would do.
final class RecordingInbox: RelayInbox {
    struct Silence: Error {}

    private let messages: AsyncStream<RelayThread.Message>
    private let continuation: AsyncStream<RelayThread.Message>.Continuation
    /// Whether each client has an allocation as soon as it has connected.
    let welcomesClients = Atomic(false)
    /// Is called before anything else learns that a peer has connected.
    let onAccept = Mutex<(@Sendable (PendingPeerID) -> Void)?>(nil)

    init() {
        (messages, continuation) = AsyncStream.makeStream()
    }

    func post(_ message: RelayThread.Message) {
        if case .connected(let client) = message, welcomesClients.load(ordering: .relaxed) { client.sendSuccess() }
        if case .peerAccepted(let pending, _, _) = message { onAccept.withLock { $0 }?(pending) }
        continuation.yield(message)
    }

    /// The next message, however long it takes.
    func next() async throws -> RelayThread.Message {
        for await message in messages { return message }
        throw Silence()
    }

    func connected() async throws -> any StreamClient {
        guard case .connected(let client) = try await next() else { throw Silence() }
        return client
    }

    /// The bytes of the next message of a client; `nil` if its connection is closed instead.
    func received() async throws -> [UInt8]? {
        switch try await next() {
        case .received(_, let bytes): return Array(bytes.readableBytesView)
        case .disconnected: return nil
        default: throw Silence()
        }
    }

    /// So many bytes of a client, consumed.
    func receive(exactly count: Int, from client: any StreamClient) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, let more = try await received() {
            client.consumed(more.count)
            bytes += more
        }
        return bytes
    }
}

/// Listeners on a port that the system chooses, with an inbox in place of a relay thread.
struct TestListeners {
    let inbox = RecordingInbox()
    let counters = CounterStore()
    let listeners: StreamListeners
    let port: Int

    init(
        _ limits: StreamLimits = StreamLimits(),
        tls: TLSContexts? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws {
        listeners = StreamListeners(
            limits: limits,
            tls: tls,
            group: group,
            threads: [inbox],
            counters: counters,
            logger: Logger(label: "test")
        )
        let address = try await listeners.bind(SocketAddress(ipAddress: "127.0.0.1", port: 0), tls: tls != nil)
        port = address.port ?? 0
    }

    /// Runs `body` with listeners, and closes them.
    static func run(
        _ limits: StreamLimits = StreamLimits(),
        tls: TLSContexts? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ body: (TestListeners) async throws -> Void
    ) async throws {
        let test = try await TestListeners(limits, tls: tls, group: group)
        do {
            try await body(test)
        } catch {
            await test.listeners.close()
            throw error
        }
        await test.listeners.close()
    }

    func connect(receiveBuffer: CInt? = nil) throws -> TestSocket {
        try TestSocket(.tcp, to: "127.0.0.1", port: port, receiveBuffer: receiveBuffer)
    }
}

/// A message without attributes.
func message(_ messageClass: MessageClass, _ method: STUN.Method) -> ByteBuffer {
    STUNMessageWriter(MessageType(messageClass, method), transactionID: .random()).finish()
}

/// ChannelData with its padding.
func channelData(_ length: Int) -> [UInt8] {
    [0x40, 0x00, UInt8(length >> 8), UInt8(length & 0xFF)] + [UInt8](repeating: 0x55, count: (length + 3) / 4 * 4)
}

extension StreamClient {
    /// Tells what a thread tells of somebody who has made an allocation, and sends the answer.
    func sendSuccess() {
        authenticated()
        allocationBegan()
        send(message(.successResponse, .allocate))
    }
}
