import Dispatch
import EngineIO
import Foundation
import GRDB
import Locking
import MetricsTestKit
import SocketIO
import SocketIOTestKit
import TestSupport
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
    private let ice = ICEServers(turnPort: 1, turnHost: "h")

    init() throws {
        let io = SocketIOServer()
        self.io = io
        folder = try TemporaryFolder()
        limits = ClientLimits(refusals: RefusalCounters(metrics))
        let space = DiskSpace()
        self.space = space
        store = try Self.serve(io, folder.path("chat.sqlite"), HistoryLimits(), space, limits, ice)
    }

    private static func serve(
        _ io: SocketIOServer,
        _ path: String,
        _ history: HistoryLimits,
        _ space: DiskSpace,
        _ limits: ClientLimits,
        _ iceServers: ICEServers
    ) throws -> SQLiteMessageStore {
        let store = try SQLiteMessageStore(
            path: path,
            limits: history,
            diskSpace: { _ in (space.free.withLock { $0 }, 1000) },
            onChange: { _, _ in }
        )
        RoomService(
            namespace: io.of("/room"),
            store: store,
            keys: RoomKeys(secret: Data(repeating: 7, count: 32)),
            iceServers: iceServers,
            limits: limits,
            // The limits of the whole room and of one network are met by few, those of the call before them.
            size: RoomSize(people: 80, peopleOfNetwork: 70),
            time: { 1000 }
        )
        .serve()
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
        let client = client()
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
    private func client(_ namespace: String = "/room", address: String = "192.0.2.1") -> FakeClient {
        FakeClient(namespace, of: io, on: loop, address: address)
    }

    /// Meets a limit once.
    /// - Returns: What the client was answered.
    private func refusal(for cause: RefusalCause) async throws -> String {
        switch cause {
        case .rate(let action):
            let client = client()
            if action == .sayBytes { _ = try await join(client) }
            use(action, action.rate.client.burst, by: client)
            return try await answer(to: action, client)
        case .networkRate(let action):
            let burst = try #require(action.rate.network).burst
            let late = client()
            let share = action.rate.client.burst
            for _ in 0..<(burst + share - 1) / share { use(action, share, by: client("/")) }
            return try await answer(to: action, late)
        case .roomBytes, .announcementBytes, .roomReactions, .waitingBytes, .joins, .people, .networkPeople, .waiting,
            .networkWaiting:
            return try await refusalOfRoom(cause)
        case .pairBytes, .receiverBytes, .participants, .networkParticipants:
            return try await refusalOfCall(cause)
        case .reads, .networkReads, .allReads, .writes:
            return try refusalOfWork(cause)
        case .diskSpace, .historySize, .storeQueue, .storage:
            return try await refusalOfStore(cause)
        }
    }

    private func use(_ action: LimitedAction, _ count: Int, by client: FakeClient) {
        let limited = limits.client(of: client.connection, at: loop.now)
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
        case .react: return client.request("react", "{}").joined()
        case .signal, .signalBytes: return client.request("signal", "{}").joined()
        case .credentials: return client.request("enter", "{}").joined()
        }
    }

    private func join(_ client: FakeClient, room: String = "r", stay: String? = nil) async throws -> String {
        let call = stay.map { #","call":{"stay":"\#($0)","audio":true,"video":true,"screen":true}"# } ?? ""
        return await client.requestLater("join", #"{"room":"\#(room)","name":"A","version":1\#(call)}"#).joined()
    }

    private func refusalOfRoom(_ cause: RefusalCause) async throws -> String {
        let first = client()
        switch cause {
        case .joins:
            // In one turn, so that the first waits for the store.
            let join = #"["join",{"room":"r","name":"A","version":1}]"#
            first.receive("2/room,1\(join)", "2/room,2\(join)")
            return first.take().joined()
        case .waitingBytes:
            _ = try await join(first)
            first.connection.bufferedBytes = Limits.waitingBytes + 1
            return first.request("history", #"{"before":1}"#).joined()
        case .roomBytes:
            _ = try await join(first)
            let second = client()
            _ = try await join(second)
            let text = String(repeating: "😀", count: Limits.messageText)
            for number in 0..<38 {
                let sender = number < 19 ? first : second
                let answer = await sender.requestLater("say", #"{"text":"\#(text)"}"#).joined()
                if answer.contains("error") { return answer }
            }
            return ""
        case .announcementBytes:
            for number in 0..<60 {
                let client = client(address: "198.51.100.\(number)")
                _ = try await join(client)
                for turn in 0..<18 {
                    let answer = client.request("hand", #"{"raised":\#(turn % 2 == 0)}"#).joined()
                    if answer.contains("error") { return answer }
                }
            }
            return ""
        case .roomReactions:
            for number in 0..<60 {
                let client = client(address: "198.51.100.\(number)")
                _ = try await join(client)
                for _ in 0..<Limits.react.client.burst {
                    let answer = client.request("react", #"{"reaction":"yes"}"#).joined()
                    if answer.contains("error") { return answer }
                }
            }
            return ""
        case .waiting, .networkWaiting:
            _ = try await join(first)
            _ = first.request("settings", #"{"waiting":true}"#)
            let count = cause == .waiting ? Limits.waiting : Limits.waitingOfNetwork
            for number in 0..<count {
                _ = try await join(client(address: cause == .waiting ? "198.51.100.\(number)" : "192.0.2.1"))
            }
            return try await join(client())
        case .people:
            for number in 0..<80 { _ = try await join(client(address: "198.51.100.\(number)")) }
            return try await join(first)
        default:
            for _ in 0..<70 { _ = try await join(client()) }
            return try await join(first)
        }
    }

    private func refusalOfCall(_ cause: RefusalCause) async throws -> String {
        let first = client()
        switch cause {
        case .participants:
            for number in 0..<Limits.participants {
                _ = try await join(client(address: "192.0.2.2"), stay: "s\(number)")
            }
            return try await join(first, stay: "s")
        case .networkParticipants:
            for number in 0..<Limits.participantsOfNetwork {
                _ = try await join(client(), room: "r\(number / Limits.participants)", stay: "s")
            }
            return try await join(first, room: "r99", stay: "s")
        default:
            let receiver = client()
            let text = try await join(receiver, stay: "a")
            let id = try #require(text.firstMatch(of: /"self":"([^"]+)"/)).1
            _ = try await join(first, stay: "b")
            _ = receiver.take()
            let signal = #""\#(id)",{"epoch":1,"description":\#(description)}"#
            if cause == .receiverBytes {
                receiver.connection.bufferedBytes = Limits.waitingBytes + 1
            } else {
                for _ in 0..<3 { _ = first.request("signal", signal) }
            }
            return first.request("signal", signal).joined()
        }
    }

    private func refusalOfWork(_ cause: RefusalCause) throws -> String {
        let client = client()
        let own = limits.client(of: client.connection, at: loop.now)
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
            try limits.client(of: client.connection, at: loop.now).begin(.read)
        }
    }

    private func refusalOfStore(_ cause: RefusalCause) async throws -> String {
        let client = client()
        _ = try await join(client)
        let say = { (text: String) in await client.requestLater("say", #"{"text":"\#(text)"}"#).joined() }
        switch cause {
        case .diskSpace:
            space.free.withLock { $0 = 49 }
            return await say("x")
        case .historySize:
            // Nothing is there that could make room.
            let small = SocketIOServer()
            _ = try Self.serve(small, folder.path("small.sqlite"), HistoryLimits(databaseBytes: 1), space, limits, ice)
            let client = FakeClient("/room", of: small, on: loop)
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

    @Test
    func theMostOftenMetLimitComesFirst() {
        let counters = RefusalCounters()
        #expect(counters.current.isEmpty)
        counters.count(.tooManyRequests(.seconds(1), .roomBytes))
        for _ in 0..<2 { counters.count(.tooManyRequests(.seconds(1), .pairBytes)) }
        counters.count(.notJoined)
        #expect(counters.current.map(\.count) == [2, 1])
        #expect(counters.current.map(\.cause) == [.pairBytes, .roomBytes])
    }
}
