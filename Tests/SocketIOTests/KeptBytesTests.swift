import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// What stays of a message does not keep alive what it was read with: up to 64 KiB for a few bytes.
@Suite struct KeptBytesTests {
    /// Delivers a message that stands at the end of a large read.
    /// - Returns: Whether somebody still holds what was read.
    private func isHeld(_ message: String, isBinary: Bool = false, by client: TestConnection) -> Bool {
        var read = ByteBuffer(repeating: 0x20, count: 60_000)
        let start = read.writerIndex
        read.writeString(message)
        let memory = read.withUnsafeReadableBytes { $0.baseAddress }
        if let part = read.getSlice(at: start, length: read.writerIndex - start) {
            client.receive(isBinary ? .binary(part) : .text(part))
        }
        // Only who is alone with it writes to the same memory.
        read.clear()
        read.writeInteger(UInt8(0))
        return read.withUnsafeReadableBytes { $0.baseAddress } != memory
    }

    private static let token = #"{"token":"\#(String(repeating: "x", count: 1024))"}"#

    @Test func theTestWouldNotice() throws {
        let fixture = Fixture()
        let journal = Journal<SocketArguments>()
        fixture.io.onConnection { socket in socket.onAny { _, arguments in journal.add(arguments) } }
        #expect(isHeld(#"2["a"]"#, by: fixture.join()))
        #expect(journal.entries.count == 1)
    }

    @Test(arguments: ["0" + token, "0/a," + token, "0", "0{}", "0/a,"])
    func joining(packet: String) {
        let fixture = Fixture()
        _ = fixture.io.of("/a")
        let client = fixture.connect()
        #expect(!isHeld(packet, by: client))
        #expect(client.takeSent().count == 1)
    }

    @Test func theTokenStaysAsItIs() {
        struct Auth: Codable { var token: String }
        let fixture = Fixture()
        let journal = Journal<String>()
        fixture.io.onConnection { socket in
            journal.add(String(buffer: socket.handshake.auth.json))
            journal.add((try? socket.handshake.auth.decode(Auth.self).token) ?? "none")
        }
        for auth in [Self.token, "{}", ""] { fixture.connect().receive(.text("40" + auth)) }
        #expect(journal.entries == [Self.token, String(repeating: "x", count: 1024), "{}", "none", "{}", "none"])
    }

    @Test func namesThatAreBeingFoundOut() async throws {
        let fixture = Fixture()
        let gate = Gate()
        fixture.io.of(where: { _, _ async in
            await gate.wait()
            return true
        })
        let client = fixture.connect()
        #expect(!isHeld("0/a," + Self.token, by: client))
        try await fixture.loop.wait(until: { gate.isWaiting })
        gate.open()
        try await fixture.loop.wait(until: { !client.sent.isEmpty })
    }

    @Test func eventsThatWaitForAConnectionHandler() async throws {
        let fixture = Fixture()
        let gate = Gate()
        let journal = Journal<Int>()
        fixture.io.onConnection { socket in
            await gate.wait()
            socket.on("a") { (number: Int) in journal.add(number) }
        }
        let client = fixture.join()
        #expect(!isHeld(#"2["a",5]"#, by: client))
        #expect(!isHeld(#"51-["b",{"_placeholder":true,"num":0}]"#, by: client))
        #expect(!isHeld("xyz", isBinary: true, by: client))
        try await fixture.loop.wait(until: { gate.isWaiting })
        gate.open()
        try await fixture.loop.wait(until: { journal.entries == [5] })
    }

    @Test func eventsThatWaitForTheirAttachments() {
        let fixture = Fixture()
        let journal = Journal<[String]>()
        fixture.io.onConnection { socket in
            socket.on("b") { (one: ByteBuffer, other: ByteBuffer) in
                journal.add([one, other].map { String(buffer: $0) })
            }
        }
        let client = fixture.join()
        let header = #"52-["b",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#
        #expect(!isHeld(header, by: client))
        #expect(!isHeld("x", isBinary: true, by: client))
        #expect(!isHeld("y", isBinary: true, by: client))
        #expect(journal.entries == [["y", "x"]])
    }

    @Test func eventsAndRequestsThatWaitForHandlers() async throws {
        let fixture = Fixture(.init(maxHandlersInFlight: 1))
        let gate = Gate()
        let journal = Journal<Int>()
        fixture.io.onConnection { socket in
            socket.on("wait") { () async in await gate.wait() }
            socket.on("a") { (number: Int) in journal.add(number) }
        }
        _ = fixture.io.of("/b")
        let client = fixture.join()
        client.receive(#"42["wait"]"#)
        #expect(!isHeld(#"2["a",5]"#, by: client))
        #expect(!isHeld("0/b," + Self.token, by: client))
        try await fixture.loop.wait(until: { gate.isWaiting })
        gate.open()
        try await fixture.loop.wait(until: { journal.entries == [5] && client.sent.count == 1 })
    }
}
