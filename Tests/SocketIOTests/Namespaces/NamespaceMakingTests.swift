import EngineIO
import Locking
import SocketIOTestKit
import Testing

@testable import SocketIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Namespaces that come into being while clients ask for them, and go while others come.
@Suite struct NamespaceMakingTests {
    private let fixture = Fixture()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    /// Who asks for the namespace first.
    enum Maker: String, CaseIterable {
        case application
        case client
    }

    private func make(_ maker: Maker) {
        switch maker {
        case .application: _ = io.of("/x")
        case .client: _ = fixture.join("/x")
        }
    }

    /// A client that comes while a hook runs must miss nothing of what the hook adds.
    @Test(arguments: Maker.allCases)
    func clientsWaitForHooks(maker: Maker) {
        let otherLoop = ManualLoop()
        let other = fixture.connect(on: otherLoop)
        io.of { name, _ in name == "/x" }
        io.onNewNamespace { [journal] namespace in
            other.receive("40/x,")
            journal.add("answered \(other.sent.count)")
            namespace.onConnection { _ in journal.add("joined") }
        }
        make(maker)
        otherLoop.turn()
        #expect("\(other.takeSent())".hasPrefix("[40/x,{"))
        #expect(journal.entries == ["answered 0", "joined"] + (maker == .client ? ["joined"] : []))
    }

    @Test(arguments: Maker.allCases)
    func leavingWhileHooksRunWithdraws(maker: Maker) {
        let otherLoop = ManualLoop()
        let other = fixture.connect(on: otherLoop)
        io.of { name, _ in name == "/x" }
        io.onNewNamespace { namespace in
            other.receive("40/x,", "41/x,")
        }
        make(maker)
        otherLoop.turn()
        #expect(other.takeSent() == [])
        other.receive("40/x,")
        #expect(other.takeSent().count == 1)
    }

    /// A hook may ask for the namespace it is called for, and for others.
    @Test(arguments: Maker.allCases)
    func hooksMayAskForNamespaces(maker: Maker) {
        io.of { name, _ in name == "/x" }
        io.onNewNamespace { [io, journal] namespace in
            journal.add("\(namespace.name) \(io.of(namespace.name) === namespace)")
            if namespace.name == "/x" { io.of("/y").onConnection { _ in journal.add("joined /y") } }
            journal.add("end \(namespace.name)")
        }
        make(maker)
        #expect(journal.takeAll() == ["/x true", "/y true", "end /y", "end /x"])
        _ = fixture.join("/y")
        #expect(journal.entries == ["joined /y"])
    }

    /// What joins the servers knows a namespace by its name, so one must have left before the next of that name comes.
    @Test func adaptersOfOneNameFollowEachOther() async {
        let adapters = Adapters()
        let loops = [ManualLoop(), ManualLoop()]
        let io = SocketIOServer(
            configuration: .init(cleanupEmptyChildNamespaces: true),
            adapter: adapters.make,
            logger: nil
        )
        io.of { _, _ in true }
        let first = TestConnection(on: loops[0])
        first.open(on: io)
        first.receive("40/x,")
        let second = TestConnection(on: loops[1])
        second.open(on: io)
        adapters.setCloseHook { Task.detached { second.receive("40/x,") } }
        first.receive("41/x,")
        await adapters.waitForHook()
        #expect("\(second.takeSent())".hasPrefix("[40/x,{"))
        let entries = adapters.journal.entries.filter { $0.hasPrefix("/x") && !$0.contains("room") }
        #expect(entries == ["/x 1 made", "/x 1 closed", "/x 2 made"])
        // Nor does the one that has gone tell of rooms afterwards.
        let all = adapters.journal.entries
        let end = all.firstIndex(of: "/x 1 closed") ?? 0
        #expect(!all[end...].contains { $0.hasPrefix("/x 1 room") })
    }
}

/// Adapters that note what is asked of them.
private final class Adapters: Sendable {
    let journal = Journal<String>()
    private let state = Mutex<(made: Int, hook: (@Sendable () -> Task<Void, Never>)?, task: Task<Void, Never>?)>(
        (0, nil, nil)
    )

    @Sendable func make(_ inbox: ClusterInbox) -> any Adapter {
        let number = state.withLock { state in
            if inbox.namespace != "/" { state.made += 1 }
            return state.made
        }
        journal.add("\(inbox.namespace) \(number) made")
        return NotingAdapter(name: "\(inbox.namespace) \(number)", adapters: self)
    }

    /// Sets what begins when an adapter is closed.
    func setCloseHook(_ hook: @escaping @Sendable () -> Task<Void, Never>) {
        state.withLock { $0.hook = hook }
    }

    func waitForHook() async {
        await state.withLock { $0.task }?.value
    }

    fileprivate func close(_ name: String) {
        state.withLock { $0.hook }.map { hook in
            let task = hook()
            state.withLock { $0.task = task }
        }
        // Time for the other thread to do what it must not.
        for _ in 0..<2000 where !journal.entries.contains("/x 2 made") { sched_yield() }
        journal.add("\(name) closed")
    }
}

private struct NotingAdapter: Adapter {
    let name: String
    let adapters: Adapters

    func otherNodes() -> [String] { [] }
    func publish(_ message: ClusterMessage) {}
    func respond(_ response: ClusterResponse, to node: String) {}
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer { EngineTimer {} }
    func close() { adapters.close(name) }
    func socketLeft(_ socket: String, _ room: String) { adapters.journal.add("\(name) room left") }
}
