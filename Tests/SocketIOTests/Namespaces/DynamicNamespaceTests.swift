import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Namespaces that clients bring into being.
@Suite struct DynamicNamespaceTests {
    private let fixture = Fixture()
    private var io: SocketIOServer { fixture.io }

    /// What a client is told about a namespace that it may not join.
    private func refusal(_ name: String, _ message: String = "Invalid namespace") -> TestConnection.Message {
        .text("44\(name),{\"message\":\"\(message)\"}")
    }

    private func isAccepted(_ sent: [TestConnection.Message], _ name: String) -> Bool {
        guard case .text(let text)? = sent.first, sent.count == 1 else { return false }
        return text.hasPrefix("40\(name),{\"sid\":\"")
    }

    @Test(arguments: [
        ("/team-1", true), ("/team-12", true), ("/team-", false), ("/team-1x", false), ("x/team-1", false),
        ("/Team-1", false),
    ])
    func patternsMatchTheWholeName(name: String, isMatch: Bool) {
        io.of(matching: /\/team-\d+/)
        let client = fixture.connect()
        client.receive(.text("40\(name),"))
        if isMatch {
            #expect(isAccepted(client.takeSent(), name))
        } else if name.hasPrefix("/") {
            #expect(client.takeSent() == [refusal(name)])
        } else {
            #expect(client.isClosed)
        }
    }

    @Test func childrenInheritWhatTheParentHas() {
        let journal = Journal<String>()
        let parent = io.of(matching: /\/team-\d+/)
        parent.use { _ in journal.add("first") }
        parent.onConnection { journal.add("joined \($0.namespace.name)") }
        let client = fixture.connect()
        client.receive("40/team-1,")
        parent.use { _ in journal.add("second") }
        io.of("/team-1").onConnection { _ in journal.add("own") }
        let other = fixture.connect()
        other.receive("40/team-1,", "40/team-2,")
        #expect(
            journal.entries == [
                "first", "joined /team-1", "first", "joined /team-1", "own", "first", "second", "joined /team-2",
            ]
        )
        #expect(parent.children.map(\.name) == ["/team-1", "/team-2"])
    }

    @Test func parentsAreTriedInOrder() {
        let journal = Journal<String>()
        io.of(where: { name, _ in
            journal.add("a \(name)")
            return name == "/a"
        }).onConnection { _ in journal.add("is a") }
        io.of(where: { (name: String, _: RawArgument) async -> Bool in
            journal.add("b \(name)")
            return name != "/none"
        }).onConnection { _ in journal.add("is b") }
        io.of(matching: /\/c/).onConnection { _ in journal.add("is c") }
        let client = fixture.connect()
        client.receive("40/a,", "40/c,", "40/none,", "40/c,")
        #expect(journal.entries == ["a /a", "is a", "a /c", "b /c", "is b", "a /none", "b /none"])
        #expect(client.isClosed, "joined twice")
    }

    @Test func predicatesSeeWhatTheClientSent() {
        io.of(where: { _, auth in (try? auth.decode([String: String].self))?["token"] == "x" })
        let client = fixture.connect()
        client.receive("40/a,{\"token\":\"y\"}", "40/b,{\"token\":\"x\"}")
        let sent = client.takeSent()
        #expect(sent.first == refusal("/a"))
        #expect(isAccepted(Array(sent.dropFirst()), "/b"))
    }

    @Test func emitReachesAllChildren() {
        let parent = io.of(matching: /\/team-\d+/)
        let otherLoop = ManualLoop()
        let one = fixture.join("/team-1")
        let two = fixture.join("/team-2", on: otherLoop)
        let elsewhere = fixture.join()
        parent.emit("hello", 1)
        fixture.loop.turn()
        otherLoop.turn()
        #expect(one.takeSent() == ["42/team-1,[\"hello\",1]"])
        #expect(two.takeSent() == ["42/team-2,[\"hello\",1]"])
        #expect(elsewhere.takeSent() == [])
    }

    @Test func namespacesOfTheApplicationBecomeChildren() {
        let fixture = Fixture(.init(maxDynamicNamespaces: 0, cleanupEmptyChildNamespaces: true))
        let journal = Journal<String>()
        let parent = fixture.io.of(matching: /\/team-\d+/)
        parent.onConnection { _ in journal.add("parent") }
        let child = fixture.io.of("/team-1")
        child.onConnection { _ in journal.add("child") }
        #expect(parent.children.map(\.name) == ["/team-1"])
        let client = fixture.join("/team-1")
        #expect(journal.entries == ["parent", "child"])
        client.receive("41/team-1,")
        fixture.loop.turn()
        // It neither counts against the limit nor goes away.
        #expect(fixture.io.of("/team-1") === child)
        client.receive("40/team-2,")
        #expect(client.takeSent() == [refusal("/team-2", "Too many namespaces")])
    }

    @Test func hookSeesNewNamespaces() {
        let journal = Journal<String>()
        io.onNewNamespace { namespace in
            journal.add("new \(namespace.name)")
            namespace.onConnection { _ in journal.add("joined") }
        }
        io.of(matching: /\/team-\d+/)
        _ = io.of("/fixed")
        _ = io.of("/fixed")
        _ = fixture.join("/team-1")
        _ = fixture.join("/team-1")
        #expect(journal.entries == ["new /fixed", "new /team-1", "joined", "joined"])
    }

    @Test func dynamicNamespacesAreLimited() {
        let fixture = Fixture(.init(maxDynamicNamespaces: 2, maxDynamicNamespaceNameLength: 7))
        fixture.io.of(matching: /\/.*/)
        let client = fixture.connect()
        client.receive("40/1,", "40/2345,", "40/23456,")
        #expect(client.takeSent().count == 3)
        let limited = Fixture(.init(maxDynamicNamespaces: 2, maxDynamicNamespaceNameLength: 7))
        limited.io.of(matching: /\/.*/)
        let other = limited.connect()
        other.receive("40/123456,")
        #expect(isAccepted(other.takeSent(), "/123456"))
        other.receive("40/1234567,")
        #expect(other.takeSent() == [refusal("/1234567")])
        other.receive("40/2,")
        #expect(isAccepted(other.takeSent(), "/2"))
        other.receive("40/3,")
        #expect(other.takeSent() == [refusal("/3", "Too many namespaces")])
    }

    @Test func clientsAreLimited() {
        let fixture = Fixture(.init(maxNamespacesPerClient: 2))
        for name in ["/1", "/2", "/3"] { _ = fixture.io.of(name) }
        let client = fixture.join("/1")
        client.receive("40/2,")
        #expect(isAccepted(client.takeSent(), "/2"))
        client.receive("40/3,")
        #expect(client.takeSent() == [refusal("/3", "Too many namespaces")])
        client.receive("41/1,", "40/3,")
        #expect(isAccepted(client.takeSent(), "/3"))
    }

    @Test func emptyChildrenGoAway() {
        let fixture = Fixture(.init(maxDynamicNamespaces: 1, cleanupEmptyChildNamespaces: true))
        let parent = fixture.io.of(matching: /\/team-\d+/)
        let otherLoop = ManualLoop()
        weak var first: Namespace?
        do {
            let here = fixture.join("/team-1")
            let there = fixture.join("/team-1", on: otherLoop)
            first = parent.children.first
            #expect(first != nil)
            here.receive("41/team-1,")
            #expect(parent.children.count == 1)
            here.receive("40/team-2,")
            #expect(here.takeSent() == [refusal("/team-2", "Too many namespaces")])
            there.receive(.closed)
            #expect(parent.children.isEmpty)
            fixture.loop.turn()
            otherLoop.turn()
            here.receive("40/team-2,")
            #expect(isAccepted(here.takeSent(), "/team-2"))
        }
        #expect(first == nil, "nothing keeps a namespace that is gone")
    }

    @Test func refusedClientsDoNotKeepChildren() {
        let fixture = Fixture(.init(cleanupEmptyChildNamespaces: true))
        let parent = fixture.io.of(matching: /\/team-\d+/)
        parent.use { _ in throw ConnectionRefused("no") }
        let client = fixture.connect()
        client.receive("40/team-1,")
        #expect(client.takeSent() == [refusal("/team-1", "no")])
        #expect(parent.children.isEmpty)
    }

    /// A predicate that waits until the test lets it go on.
    private struct Gate: Sendable {
        let waiting = Journal<CheckedContinuation<Bool, Never>>()

        func predicate(_ name: String, _ auth: RawArgument) async -> Bool {
            await withCheckedContinuation { waiting.add($0) }
        }
    }

    @Test func slowPredicatesHoldBackNothingElse() async throws {
        let gate = Gate()
        io.of(where: gate.predicate)
        let client = fixture.join()
        io.emit("before")
        client.receive("40/slow,")
        #expect(gate.waiting.entries.count == 1)
        fixture.loop.turn { io.emit("meanwhile") }
        #expect(client.takeSent() == ["42[\"before\"]", "42[\"meanwhile\"]"])
        gate.waiting.entries[0].resume(returning: true)
        try await fixture.loop.wait { !client.sent.isEmpty }
        #expect(isAccepted(client.takeSent(), "/slow"))
        client.receive("40/no,")
        gate.waiting.entries[1].resume(returning: false)
        try await fixture.loop.wait { !client.sent.isEmpty }
        #expect(client.takeSent() == [refusal("/no")])
    }

    @Test func creationHappensOnce() async throws {
        let gate = Gate()
        let journal = Journal<String>()
        io.onNewNamespace { journal.add($0.name) }
        let parent = io.of(where: gate.predicate)
        let clients = [fixture.connect(), fixture.connect()]
        for client in clients { client.receive("40/slow,") }
        for continuation in gate.waiting.entries { continuation.resume(returning: true) }
        try await fixture.loop.wait { clients.allSatisfy { !$0.sent.isEmpty } }
        #expect(clients.allSatisfy { isAccepted($0.takeSent(), "/slow") })
        #expect(journal.entries == ["/slow"])
        #expect(parent.children.count == 1)
    }

    @Test(arguments: ["41/slow,", "closed"])
    func leavingDuringAPredicateWithdraws(how: String) async throws {
        let fixture = Fixture(.init(cleanupEmptyChildNamespaces: true))
        let gate = Gate()
        let journal = Journal<String>()
        let parent = fixture.io.of(where: gate.predicate)
        parent.use { _ in journal.add("middleware") }
        let client = fixture.join()
        client.receive("40/slow,")
        client.receive(how == "closed" ? .closed : .text(how))
        gate.waiting.entries[0].resume(returning: true)
        let other = fixture.connect()
        other.receive("40/slow,")
        gate.waiting.entries[1].resume(returning: false)
        try await fixture.loop.wait { !other.sent.isEmpty }
        #expect(other.takeSent() == [refusal("/slow")])
        #expect(client.takeSent() == (how == "closed" ? [.closed] : []))
        #expect(journal.entries == [])
        #expect(parent.children.isEmpty)
    }
}
