import NIOCore
import TURN

/// The clients of one relay thread that come over TCP and TLS, and what waits for each until a turn of the loop is done.
struct StreamTable {
    private struct Entry {
        let client: any StreamClient
        let flow: FiveTuple
        /// What leaves at the end of the turn.
        var pending = ByteBuffer()
        /// How much of what the client has sent was handled in this turn.
        var consumed = 0
        var isWaiting = false
        /// Whether the client knows that it has proven who it is.
        var isAuthenticated = false
        /// The threads that have had messages of the client handed on, each once.
        var forwardedTo: [UInt8] = []
    }

    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var numbers: [ObjectIdentifier: Int] = [:]
    private var flows: [FiveTuple: Int] = [:]
    private var waiting: [Int] = []

    /// Enters a client.
    mutating func enter(_ client: any StreamClient, as flow: FiveTuple) {
        let number: Int
        if let reused = free.popLast() {
            number = reused
        } else {
            number = entries.count
            entries.append(nil)
        }
        entries[number] = Entry(client: client, flow: flow)
        numbers[ObjectIdentifier(client)] = number
        flows[flow] = number
    }

    /// Strikes out a client, and forgets what waits for it.
    /// - Returns: Its flow, and the threads that it was forwarded to; `nil` if it is not there.
    mutating func remove(_ client: any StreamClient) -> (flow: FiveTuple, forwardedTo: [UInt8])? {
        guard let number = numbers.removeValue(forKey: ObjectIdentifier(client)), let entry = entries[number] else {
            return nil
        }
        flows[entry.flow] = nil
        entries[number] = nil
        free.append(number)
        return (entry.flow, entry.forwardedTo)
    }

    /// The flow of a client.
    func flow(of client: any StreamClient) -> FiveTuple? {
        numbers[ObjectIdentifier(client)].flatMap { entries[$0]?.flow }
    }

    /// The client of a flow.
    func client(of flow: FiveTuple) -> (any StreamClient)? {
        flows[flow].flatMap { entries[$0]?.client }
    }

    /// Notes that the client of a flow has proven who it is.
    /// - Returns: The client, the first time.
    mutating func noteAuthenticated(_ flow: FiveTuple) -> (any StreamClient)? {
        guard let number = flows[flow], entries[number]?.isAuthenticated == false else { return nil }
        entries[number]?.isAuthenticated = true
        return entries[number]?.client
    }

    /// Notes that another thread handles messages of the client.
    mutating func noteForwarding(_ flow: FiveTuple, to thread: UInt8) {
        guard let number = flows[flow], entries[number]?.forwardedTo.contains(thread) == false else { return }
        entries[number]?.forwardedTo.append(thread)
    }

    /// Queues an answer; those are few, and each was asked for.
    mutating func append(_ message: ByteBuffer, to flow: FiveTuple) {
        guard let number = flows[flow] else { return }
        entries[number]?.pending.writeImmutableBuffer(message)
        noteWaiting(number)
    }

    /// Notes that so much of what the client has sent was handled; it is told after it was sent what came of it.
    mutating func noteConsumed(_ count: Int, by client: any StreamClient) {
        guard let number = numbers[ObjectIdentifier(client)] else { return }
        entries[number]?.consumed += count
        noteWaiting(number)
    }

    /// What became of data.
    enum OnData {
        case queued
        /// The client reads too slowly; nothing is queued for it.
        case congested
        /// There is no such client.
        case gone
    }

    /// Queues what a peer has sent, with its header, and padding behind.
    mutating func append(_ data: UnsafeRawBufferPointer, padding: Int, to flow: FiveTuple) -> OnData {
        guard let number = flows[flow], let client = entries[number]?.client,
            let waiting = entries[number]?.pending.readableBytes
        else { return .gone }
        // One turn can bring more than may wait.
        guard !client.isCongested(besides: waiting) else { return .congested }
        entries[number]?.pending.writeBytes(data)
        entries[number]?.pending.writeRepeatingByte(0, count: padding)
        noteWaiting(number)
        return .queued
    }

    /// Sends all that waits, to each client at once.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        for number in waiting {
            sendPending(of: number)
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// Sends what waits for one client.
    mutating func flush(_ flow: FiveTuple) {
        if let number = flows[flow] {
            sendPending(of: number)
        }
    }

    private mutating func noteWaiting(_ number: Int) {
        guard entries[number]?.isWaiting == false else { return }
        entries[number]?.isWaiting = true
        waiting.append(number)
    }

    private mutating func sendPending(of number: Int) {
        guard let entry = entries[number] else { return }
        entries[number]?.isWaiting = false
        entries[number]?.pending = ByteBuffer()
        entries[number]?.consumed = 0
        if entry.pending.readableBytes > 0 {
            entry.client.send(entry.pending)
        }
        if entry.consumed > 0 {
            entry.client.consumed(entry.consumed)
        }
    }
}
