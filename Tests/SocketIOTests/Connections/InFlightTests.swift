import EngineIO
import Locking
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Asynchronous handlers in flight are bounded for a connection, whatever namespaces it joins and leaves.
@Suite struct InFlightTests {
    private let journal = Journal<String>()
    private let gate = Turnstile()

    private func fixture(
        handlers: Int = 2,
        handlerBytes: Int = 1000,
        held: Int = 2,
        heldBytes: Int = 1000
    ) -> Fixture {
        Fixture(
            .init(
                maxHandlersInFlight: handlers,
                maxHandlerBytesInFlight: handlerBytes,
                maxHeldEvents: held,
                maxHeldBytes: heldBytes
            )
        )
    }

    private func serve(_ fixture: Fixture) {
        fixture.io.onConnection { [journal, gate] socket in
            socket.on("a") { (number: Int) async in
                journal.add("begin \(number)")
                await gate.pass()
                journal.add("end \(number)")
            }
            socket.on("b") { (number: Int) in journal.add("b \(number)") }
            socket.onDisconnect { reason, description in journal.add("\(reason.rawValue): \(description ?? "")") }
        }
    }

    @Test func eventsWaitForHandlersInFlight() throws {
        let fixture = fixture()
        serve(fixture)
        let client = fixture.join()
        client.receive("42[\"a\",1]", "42[\"a\",2]", "42[\"a\",3]", "42[\"b\",4]")
        #expect(journal.takeAll() == ["begin 1", "begin 2"])
        gate.openOne()
        fixture.loop.turn()
        #expect(journal.takeAll() == ["end 1", "begin 3"])
        gate.openOne()
        fixture.loop.turn()
        // In the order in which they came, also what needs no task.
        #expect(journal.takeAll() == ["end 2", "b 4"])
        #expect(!client.isClosed)
    }

    @Test(arguments: [(2, false), (3, true)])
    func heldEventsAreBounded(count: Int, isClosed: Bool) {
        let fixture = fixture()
        serve(fixture)
        let client = fixture.join()
        client.receive("42[\"a\",1]", "42[\"a\",2]")
        for number in 0..<count { client.receive(.text("42[\"a\",\(number)]")) }
        #expect(client.isClosed == isClosed)
        let end = "forced server close: too many events wait for a handler or middleware"
        #expect(journal.entries == ["begin 1", "begin 2"] + (isClosed ? [end] : []))
    }

    @Test(arguments: [(100, 3), (900, 3), (1100, 2), (2000, 1)])
    func bytesInFlightAreBounded(size: Int, begun: Int) {
        let fixture = fixture(handlers: 10, handlerBytes: 2000, held: 10, heldBytes: 10_000)
        serve(fixture)
        let client = fixture.join()
        let text = String(repeating: "x", count: size - 10)
        for number in 0..<3 { client.receive(.text("42[\"a\",\(number),\"\(text)\"]")) }
        #expect(journal.takeAll().count == begun)
        gate.openAll()
        fixture.loop.turn()
        #expect(journal.entries.contains("end 2"))
    }

    /// What in a namespace can be asynchronous.
    enum Stage: String, CaseIterable, CustomTestStringConvertible {
        case resolution
        case middleware
        case connection
        case event
        case eventMiddleware
        case disconnect
        case disconnectAfterEvents

        var testDescription: String { rawValue }
    }

    private func serve(_ fixture: Fixture, _ stage: Stage) {
        let work: @Sendable () async -> Void = { [journal, gate] in
            journal.add("begin")
            await gate.pass()
            journal.add("end")
        }
        let parent = fixture.io.of { name, _ async -> Bool in
            if stage == .resolution { await work() }
            return name == "/a"
        }
        if stage != .resolution { _ = fixture.io.of("/a") }
        let host: any ConnectionHost = stage == .resolution ? parent : fixture.io.of("/a")
        if stage == .middleware { host.use { _ async in await work() } }
        if stage == .connection { host.onConnection { _ async in await work() } }
        host.onConnection { socket in
            switch stage {
            case .event: socket.on("e") { () async in await work() }
            case .eventMiddleware: socket.use { _, _ async in await work() }
            case .disconnect: socket.onDisconnect { _ async in await work() }
            case .disconnectAfterEvents:
                socket.on("e") { () async in await work() }
                socket.onDisconnect { _ async in await work() }
            case .resolution, .middleware, .connection: break
            }
        }
    }

    @Test(arguments: Stage.allCases)
    func joiningAndLeavingBeginsNoMoreHandlers(stage: Stage) {
        let fixture = fixture(handlers: 10, held: 20)
        serve(fixture, stage)
        let client = fixture.join()
        for _ in 0..<200 where !client.isClosed {
            client.receive("40/a,")
            if !client.sent.isEmpty, client.takeSent().contains(where: { "\($0)".hasPrefix("40/a") }) {
                client.receive("42/a,[\"e\"]")
            }
            client.receive("41/a,")
        }
        // Two more: the end of a socket is never held.
        #expect((10...12).contains(journal.entries.filter { $0 == "begin" }.count))
        #expect(client.isClosed)
        gate.openAll()
        fixture.loop.turn()
        let entries = journal.entries
        #expect(entries.filter { $0 == "begin" }.count == entries.filter { $0 == "end" }.count)
    }

    @Test func joiningGoesOnWhenHandlersHaveEnded() {
        let fixture = fixture()
        serve(fixture)
        _ = fixture.io.of("/late")
        let client = fixture.join()
        client.receive("42[\"a\",1]", "42[\"a\",2]", "40/late,")
        #expect(client.takeSent() == [])
        gate.openOne()
        fixture.loop.turn()
        let answers = client.takeSent()
        #expect(answers.count == 1 && "\(answers)".contains("40/late,{\"sid\""))
        client.receive("40/later,")
        #expect(client.takeSent() == ["44/later,{\"message\":\"Invalid namespace\"}"])
    }

    @Test func leavingWhileJoiningIsHeldJoinsNothing() {
        let fixture = fixture()
        serve(fixture)
        _ = fixture.io.of("/late")
        let client = fixture.join()
        client.receive("42[\"a\",1]", "42[\"a\",2]", "40/late,", "41/late,")
        gate.openAll()
        fixture.loop.turn()
        #expect(client.takeSent() == [])
        client.receive("40/late,")
        #expect(client.takeSent().count == 1)
    }

    /// Those that were held behind a connection handler come first, and in order.
    @Test func eventsHeldTwiceKeepTheirOrder() {
        let fixture = fixture(handlers: 1, held: 10)
        fixture.io.onConnection { [gate] _ async in await gate.pass() }
        serve(fixture)
        let client = fixture.join()
        for number in 1...3 { client.receive(.text("42[\"a\",\(number)]")) }
        gate.openOne()
        fixture.loop.turn()
        for number in 4...5 { client.receive(.text("42[\"b\",\(number)]")) }
        gate.openAll()
        fixture.loop.turn()
        #expect(
            journal.entries == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3", "b 4", "b 5"]
        )
    }

    /// Those that were held behind a middleware begin no more handlers than may be in flight.
    @Test func eventsHeldBehindMiddlewaresAreHeldOn() {
        let fixture = fixture(handlers: 2, held: 10)
        let first = Turnstile()
        fixture.io.onConnection { socket in
            socket.use { _, _ async in await first.pass() }
        }
        serve(fixture)
        let client = fixture.join()
        for number in 1...4 { client.receive(.text("42[\"a\",\(number)]")) }
        #expect(journal.entries == [])
        first.openAll()
        fixture.loop.turn()
        #expect(journal.takeAll() == ["begin 1", "begin 2"])
        gate.openAll()
        fixture.loop.turn()
        #expect(journal.entries == ["end 1", "begin 3", "end 3", "begin 4", "end 4", "end 2"])
    }

    enum End: String, CaseIterable {
        case left
        case connectionGone
        case serverDisconnects
    }

    /// Handlers go with their connection, but for those that are for its end.
    @Test(arguments: End.allCases)
    func handlersAreCancelledWithTheirConnection(end: End) {
        let fixture = fixture(handlers: 10)
        fixture.io.onConnection { [journal, gate] socket in
            socket.on("a") { () async in
                await gate.pass()
                journal.add("event \(Task.isCancelled)")
            }
            socket.onDisconnect { _ async in
                await gate.pass()
                journal.add("end \(Task.isCancelled)")
            }
            socket.on("bye") { socket.disconnect(close: true) }
        }
        let client = fixture.join()
        client.receive("42[\"a\"]")
        switch end {
        case .left: client.receive("41")
        case .connectionGone: client.receive(.closed)
        case .serverDisconnects: client.receive("42[\"bye\"]")
        }
        gate.openAll()
        fixture.loop.turn()
        switch end {
        case .left: #expect(journal.entries == ["event false", "end false"])
        case .connectionGone, .serverDisconnects: #expect(journal.entries == ["event true", "end false"])
        }
        #expect(fixture.log.entries.filter { $0.hasPrefix("error") }.isEmpty)
    }

    /// A handler that has not come to its first suspension when the connection goes is cancelled too.
    @Test func handlersAreCancelledFromTheBeginning() {
        let fixture = fixture()
        fixture.io.onConnection { [journal, gate] socket in
            socket.on("a") { () async throws in
                socket.disconnect(close: true)
                await gate.pass()
                journal.add("\(Task.isCancelled)")
                try Task.checkCancellation()
            }
        }
        let client = fixture.join()
        client.receive("42[\"a\"]")
        gate.openAll()
        fixture.loop.turn()
        #expect(journal.entries == ["true"])
        #expect(fixture.log.entries.filter { $0.hasPrefix("error") }.isEmpty)
    }
}

/// Lets tasks wait until the test opens it.
final class Turnstile: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Lets the one through that has waited for longest.
    func openOne() {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }?.resume()
    }

    /// Lets all through, and those that come later.
    func openAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
