import Dispatch
import EngineIO
import Foundation
import GRDB
import Locking
import MetricsTestKit
import SocketIO
import Testing

@testable import LinkUpServer

/// Where a limit is met, the answer says so and the metric of that limit, and no other, counts it.
@Suite
struct RefusalTests {
    private let metrics = TestMetrics()
    private let io: SocketIOServer
    private let loop = ManualLoop()
    private let folder: TemporaryFolder
    private let limits: ClientLimits
    private let store: SQLiteMessageStore
    private let space: DiskSpace
    private let description = #"{"type":"offer","sdp":"\#(String(repeating: "x", count: 90_000))"}"#

    init() throws {
        let io = SocketIOServer()
        self.io = io
        folder = try TemporaryFolder()
        limits = ClientLimits(refusals: RefusalCounters(metrics))
        let space = DiskSpace()
        self.space = space
        store = try Self.serveChat(on: io, folder.path("chat.sqlite"), HistoryLimits(), space, limits)
        let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))
        let servers = ICEServers(turnPort: 1, turnHost: "h")
        CallService(keys: keys, iceServers: servers, limits: limits) { 1000 }.serve(io.of("/call"))
    }

    private static func serveChat(
        on io: SocketIOServer,
        _ path: String,
        _ history: HistoryLimits,
        _ space: DiskSpace,
        _ limits: ClientLimits
    ) throws -> SQLiteMessageStore {
        let store = try SQLiteMessageStore(
            path: path,
            limits: history,
            diskSpace: { _ in (space.free.withLock { $0 }, 1000) },
            onChange: { ChatService.announce($0, of: $1, in: io.of("/chat")) }
        )
        let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))
        let size = RoomSize(people: 3, peopleOfNetwork: 2)
        ChatService(store: store, keys: keys, limits: limits, roomSize: size) { 1000 }.serve(io.of("/chat"))
        return store
    }

    /// The room on a disk of 1000 bytes, of which 50 are left to others.
    private final class DiskSpace: Sendable {
        let free = Mutex(1000)
    }

    @Test(arguments: RefusalCause.allCases)
    func eachLimitIsAnsweredAndCounted(cause: RefusalCause) async throws {
        let answer = try await refusal(for: cause)
        #expect(answer.contains(#""code":"\#(cause.code.rawValue)""#), "\(answer.prefix(200))")
        var counted: [String: Int64] = [:]
        for counter in metrics.counters where counter.label == RefusalCounters.label && counter.totalValue > 0 {
            let dimensions = Dictionary(uniqueKeysWithValues: counter.dimensions)
            #expect(dimensions["code"] == cause.code.rawValue)
            counted[dimensions["limit"] ?? ""] = counter.totalValue
        }
        #expect(counted == [cause.name: 1])
    }

    @Test
    func eachLimitHasANameOfItsOwn() {
        #expect(Set(RefusalCause.allCases.map(\.name)).count == RefusalCause.allCases.count)
        #expect(Set(RefusalCause.allCases).count == RefusalCause.allCases.count)
    }

    @Test
    func otherRefusalsAreNotCounted() throws {
        let client = client("/call")
        #expect(client.request("signal", "{}").first?.contains("bad-request") == true)
        #expect(metrics.counters.allSatisfy { $0.totalValue == 0 })
    }

    @Test
    func eachLimitIsDocumented() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let head = try #require(lines.firstIndex(of: "| `limit` | `code` | what was too much |"))
        let rows = lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map(String.init)
        #expect(rows == RefusalCause.allCases.map { "| `\($0.name)` | `\($0.code.rawValue)` | \($0.words) |" })
    }
}

// MARK: - Meeting the limits

extension RefusalTests {
    private func client(_ namespace: String, address: String = "192.0.2.1") -> FakeClient {
        FakeClient(namespace, of: io, on: loop, address: address)
    }

    /// Meets a limit once.
    /// - Returns: What the client was answered.
    private func refusal(for cause: RefusalCause) async throws -> String {
        switch cause {
        case .rate(let action):
            let client = client(action.namespace)
            if action == .sayBytes { _ = try await join(client) }
            use(action, action.rate.client.burst, by: client)
            return try await answer(to: action, client)
        case .networkRate(let action):
            let burst = try #require(action.rate.network).burst
            let late = client(action.namespace)
            let share = action.rate.client.burst
            for _ in 0..<(burst + share - 1) / share { use(action, share, by: client("/")) }
            return try await answer(to: action, late)
        case .roomBytes, .waitingBytes, .joins, .people, .networkPeople:
            return try await refusalOfChat(cause)
        case .pairBytes, .receiverBytes, .participants, .networkParticipants:
            return try refusalOfCall(cause)
        case .reads, .networkReads, .allReads, .writes:
            return try refusalOfWork(cause)
        case .diskSpace, .historySize, .storeQueue, .storage:
            return try await refusalOfStore(cause)
        }
    }

    private func use(_ action: LimitedAction, _ count: Int, by client: FakeClient) {
        let limited = limits.client(of: client, at: loop.now)
        // Until it is refused: joining the namespace counts too.
        if action == .sayBytes || action == .signalBytes {
            try? limited.take(action, count, at: loop.now)
        } else {
            for _ in 0..<count { try? limited.take(action, at: loop.now) }
        }
    }

    private func answer(to action: LimitedAction, _ client: FakeClient) async throws -> String {
        switch action {
        case .enter: return client.refusedEntry()
        case .control: return client.request("status", "{}").joined()
        case .leave: return client.request("leave", "{}").joined()
        case .say, .sayBytes: return await client.requestLater("say", #"{"text":"x"}"#).joined()
        case .typing: return client.request("typing", "{}").joined()
        case .signal, .signalBytes: return client.request("signal", "{}").joined()
        case .credentials: return client.request("join", #"{"room":"r","name":"A"}"#).joined()
        }
    }

    private func join(_ client: FakeClient, room: String = "r") async throws -> String {
        await client.requestLater("join", #"{"room":"\#(room)","name":"A"}"#).joined()
    }

    private func refusalOfChat(_ cause: RefusalCause) async throws -> String {
        let first = client("/chat")
        let addresses = cause == .people ? ["192.0.2.2", "192.0.2.3", "192.0.2.4"] : ["192.0.2.1", "192.0.2.1"]
        switch cause {
        case .joins:
            _ = first.request("join", #"{"room":"r","name":"A"}"#)
            return first.request("join", #"{"room":"r","name":"A"}"#).joined()
        case .waitingBytes:
            _ = try await join(first)
            first.bufferedBytes = Limits.waitingBytes + 1
            return first.request("history", #"{"before":1}"#).joined()
        case .roomBytes:
            _ = try await join(first)
            let second = client("/chat")
            _ = try await join(second)
            let text = String(repeating: "😀", count: Limits.messageText)
            for number in 0..<38 {
                let sender = number < 19 ? first : second
                let answer = await sender.requestLater("say", #"{"text":"\#(text)"}"#).joined()
                if answer.contains("error") { return answer }
            }
            return ""
        default:
            for address in addresses { _ = try await join(client("/chat", address: address)) }
            return try await join(first)
        }
    }

    private func refusalOfCall(_ cause: RefusalCause) throws -> String {
        let join = { (client: FakeClient, room: Int) in
            client.request("join", #"{"room":"r\#(room)","name":"A"}"#).joined()
        }
        let first = client("/call")
        switch cause {
        case .participants:
            for _ in 0..<Limits.participants { _ = join(client("/call", address: "192.0.2.2"), 0) }
            return join(first, 0)
        case .networkParticipants:
            for number in 0..<Limits.participantsOfNetwork { _ = join(client("/call"), number / Limits.participants) }
            return join(first, 99)
        default:
            let receiver = client("/call")
            let text = join(receiver, 0)
            let id = try #require(text.firstMatch(of: /"self":"([^"]+)"/)).1
            _ = join(first, 0)
            _ = receiver.take()
            let signal = #"{"to":"\#(id)","epoch":1,"description":\#(description)}"#
            if cause == .receiverBytes {
                receiver.bufferedBytes = Limits.waitingBytes + 1
            } else {
                for _ in 0..<3 { _ = first.request("signal", signal) }
            }
            return first.request("signal", signal).joined()
        }
    }

    private func refusalOfWork(_ cause: RefusalCause) throws -> String {
        let client = client("/chat")
        let own = limits.client(of: client, at: loop.now)
        switch cause {
        case .reads: for _ in 0..<Limits.readsAtOnce { try own.begin(.read) }
        case .writes: for _ in 0..<Limits.writesAtOnce { try own.begin(.write) }
        case .networkReads: try read(Limits.readsOfNetwork, from: { _ in "192.0.2.1" })
        default: try read(Limits.reads, from: { "198.51.100.\($0 / 2)" })
        }
        let event = cause == .writes ? "say" : "history"
        return client.request(event, "{}").joined()
    }

    private func read(_ count: Int, from address: (Int) -> String) throws {
        for number in 0..<count {
            let client = client("/", address: address(number))
            try limits.client(of: client, at: loop.now).begin(.read)
        }
    }

    private func refusalOfStore(_ cause: RefusalCause) async throws -> String {
        let client = client("/chat")
        _ = try await join(client)
        let say = { (text: String) in await client.requestLater("say", #"{"text":"\#(text)"}"#).joined() }
        switch cause {
        case .diskSpace:
            space.free.withLock { $0 = 49 }
            return await say("x")
        case .historySize:
            // Nothing is there that could make room.
            let small = SocketIOServer()
            _ = try Self.serveChat(
                on: small,
                folder.path("small.sqlite"),
                HistoryLimits(databaseBytes: 1),
                space,
                limits
            )
            let client = FakeClient("/chat", of: small, on: loop)
            _ = try await join(client)
            let text = String(repeating: "😀", count: Limits.messageText)
            return await client.requestLater("say", #"{"text":"\#(text)"}"#).joined()
        case .storeQueue:
            let gate = DispatchSemaphore(value: 0)
            store.writer.async { gate.wait() }
            let draft = try messageDraft("x", room: "other")
            return await withThrowingTaskGroup(of: Void.self) { [store] group in
                for _ in 0..<SQLiteMessageStore.largestQueue { group.addTask { _ = try await store.append(draft) } }
                while store.waitingCount < SQLiteMessageStore.largestQueue { await Task.yield() }
                defer { gate.signal() }
                return await say("x")
            }
        default:
            try store.close()
            return await say("x")
        }
    }
}

extension LimitedAction {
    /// Where it is done.
    fileprivate var namespace: String {
        switch self {
        case .say, .sayBytes, .typing: "/chat"
        case .enter, .control, .leave, .signal, .signalBytes, .credentials: "/call"
        }
    }
}
