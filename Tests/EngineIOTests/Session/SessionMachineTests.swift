import NIOCore
import Testing

@testable import EngineIO

@Suite struct SessionMachineTests {
    private let start = ContinuousClock.now
    private let configuration = EngineConfiguration(
        pingInterval: .milliseconds(300),
        pingTimeout: .milliseconds(200),
        closeTimeout: .seconds(30)
    )

    private func machine(
        _ transport: EngineTransport = .polling,
        _ version: EngineProtocolVersion = .v4
    ) -> SessionMachine {
        SessionMachine(transport: transport, version: version, configuration: configuration, at: start)
    }

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    private func text(_ text: String) -> EnginePacket {
        .message(.text(ByteBuffer(string: text)))
    }

    @Test(arguments: [
        (EngineTransport.polling, true, #"["websocket"]"#), (.polling, false, "[]"), (.webSocket, true, "[]"),
    ])
    func opensWithFiveKeys(transport: EngineTransport, allowUpgrades: Bool, upgrades: String) {
        let packet = OpenPacket(EngineConfiguration(allowUpgrades: allowUpgrades))
            .encoded(sid: "abc", transport: transport)
        let expected =
            #"0{"sid":"abc","upgrades":\#(upgrades),"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        #expect(String(buffer: packet.packet) == expected)
    }

    // MARK: Polling

    @Test func aPollFetchesWhatIsBufferedOrWaits() {
        var machine = machine()
        #expect(machine.send(.text("a")) == .keep)
        #expect(machine.send(.text("b")) == .keep)
        #expect(machine.takePollResponse() == nil)
        #expect(machine.receivePoll() == .respond([.text("a"), .text("b")]))
        #expect(machine.isWritable == false)
        #expect(machine.receivePoll() == .wait)
        #expect(machine.isWritable == true)
        #expect(machine.takePollResponse() == nil)
        #expect(machine.send(.text("c")) == .keep)
        #expect(machine.takePollResponse() == [.text("c")])
        #expect(machine.isWritable == false)
        #expect(machine.receivePoll() == .wait)
    }

    @Test func countsWhatNoPollHasTaken() {
        var machine = machine()
        #expect(machine.send(.text("abc")) == .keep)
        #expect(machine.send(.text("d")) == .keep)
        // Each has a packet type and a frame header of two bytes.
        #expect(machine.buffer.bytes == 6 + 4)
        #expect(machine.buffer.packets.count == 2)
        #expect(machine.close(at: start) == .linger)
        #expect(machine.buffer.bytes == 10)
        #expect(machine.receivePoll() == .farewell([.text("abc"), .text("d"), .close]))
        #expect(machine.buffer.bytes == 0)
    }

    @Test func aFloodInOneTurnIsNotWritable() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        let message = EncodedMessage.binary(ByteBuffer(repeating: 0, count: EngineConfiguration.highWaterMark - 10))
        #expect(machine.send(message) == .keep)
        #expect(message.frame.readableBytes < EngineConfiguration.highWaterMark)
        #expect(machine.isWritable == true)
        #expect(machine.send(.binary(ByteBuffer(repeating: 0, count: 20))) == .keep)
        #expect(machine.isWritable == false)
        _ = machine.takePollResponse()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.isWritable == true)
    }

    @Test func overlappingPollsEndTheSession() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.receivePoll() == .overlap)
        #expect(machine.receivePoll() == .unknown)
        #expect(machine.send(.text("a")) == .drop)
        #expect(machine.deadline == nil)
    }

    @Test func overlappingPostsEndTheSession() {
        var machine = machine()
        #expect(machine.receivePostHead() == .read)
        #expect(machine.postEnded() == .read)
        #expect(machine.receivePostHead() == .read)
        #expect(machine.receivePostHead() == .overlap)
        #expect(machine.receivePostHead() == .unknown)
    }

    @Test func aPostOfASessionThatEndedMeanwhileIsUnknown() {
        var closed = machine()
        #expect(closed.receivePostHead() == .read)
        #expect(closed.end() == true)
        #expect(closed.postEnded() == .unknown)
        var closing = machine()
        #expect(closing.receivePostHead() == .read)
        #expect(closing.close(at: start) == .linger)
        #expect(closing.postEnded() == .unknown)
        var moved = machine()
        #expect(moved.receivePostHead() == .read)
        #expect(moved.receiveProbe() == .answer(poll: nil))
        #expect(moved.receiveUpgrade(wasProbed: true, at: start) == .complete(write: [], isPollWaiting: false))
        #expect(moved.postEnded() == .read)
    }

    @Test func pollsAndPostsDoNotFitAWebSocket() {
        var machine = machine(.webSocket)
        #expect(machine.receivePoll() == .mismatch)
        #expect(machine.receivePostHead() == .mismatch)
        #expect(machine.send(.text("a")) == .write)
    }

    // MARK: Packets

    @Test(arguments: [
        (EngineProtocolVersion.v4, EnginePacket.pong, SessionMachine.OnPacket.ignore),
        (.v4, .ping(ByteBuffer()), .end(.transportError)), (.v3, .ping(ByteBuffer()), .send(.pong)),
        (.v3, .pong, .end(.transportError)), (.v4, .close, .end(.transportClose)), (.v4, .open, .ignore),
        (.v4, .upgrade, .ignore), (.v4, .noop, .ignore),
        (.v4, .message(.text(ByteBuffer(string: "a"))), .deliver(.text(ByteBuffer(string: "a")))),
    ])
    func answersPackets(version: EngineProtocolVersion, packet: EnginePacket, answer: SessionMachine.OnPacket) {
        for transport in EngineTransport.allCases {
            var machine = machine(transport, version)
            #expect(machine.receive(packet, at: start) == answer)
            if case .end = answer {
                #expect(machine.receive(text("late"), at: start) == .ignore)
                #expect(machine.end() == false)
            } else {
                #expect(machine.end() == true)
                #expect(machine.end() == false)
            }
        }
    }

    // MARK: Heartbeat

    @Test func pingsAndWaitsForThePong() {
        var machine = machine(.webSocket)
        #expect(machine.deadline == after(300))
        #expect(machine.timeout(at: after(299)) == .wait)
        #expect(machine.timeout(at: after(300)) == .ping)
        #expect(machine.deadline == after(500))
        #expect(machine.receive(.pong, at: after(450)) == .ignore)
        #expect(machine.deadline == after(750))
        // Late by 60 ms: the client has its 200 ms all the same.
        #expect(machine.timeout(at: after(810)) == .ping)
        #expect(machine.deadline == after(1010))
        #expect(machine.timeout(at: after(1009)) == .wait)
        #expect(machine.timeout(at: after(1010)) == .end)
        #expect(machine.send(.text("a")) == .drop)
    }

    /// The time by which a timer is late is added to the client's, since its answer may wait in the socket.
    @Test(
        arguments: [
            // At 500 ms the answer is due, and the client is given as much again at most.
            ([500], 500), ([520], 520), ([521], nil), ([521, 541], nil), ([521, 542], 542), ([600, 700], 700),
            ([600, 690], nil), ([10_000, 10_199], nil), ([10_000, 10_200], 10_200), ([10_000, 90_000], 90_000),
            // A second pause, within what is left of it.
            ([600, 800, 900], 900), ([600, 750, 800], 800), ([600, 750, 799], nil),
        ] as [([Int], Int?)],
        [EngineProtocolVersion.v4, .v3]
    )
    func aLoopThatStoodStillReadsBeforeItJudges(_ heartbeat: ([Int], Int?), version: EngineProtocolVersion) {
        var machine = machine(.webSocket, version)
        if version == .v4 { #expect(machine.timeout(at: after(300)) == .ping) }
        for time in heartbeat.0 {
            #expect(machine.timeout(at: after(time)) == (time == heartbeat.1 ? .end : .wait), "at \(time)")
        }
        guard heartbeat.1 == nil, let last = heartbeat.0.last else { return }
        #expect(
            machine.receive(version == .v4 ? .pong : .ping(ByteBuffer()), at: after(last))
                == (version == .v4 ? .ignore : .send(.pong))
        )
        #expect(machine.deadline == after(last + (version == .v4 ? 300 : 500)))
    }

    @Test func aPongThatNobodyAskedForIsNoSignOfLife() {
        var machine = machine(.webSocket)
        #expect(machine.receive(.pong, at: after(290)) == .ignore)
        #expect(machine.timeout(at: after(300)) == .ping)
        #expect(machine.receive(.pong, at: after(310), hasTakenPing: false) == .ignore)
        #expect(machine.deadline == after(500))
        #expect(machine.receive(.pong, at: after(320), hasTakenPing: true) == .ignore)
        #expect(machine.deadline == after(620))
    }

    @Test(arguments: [EngineProtocolVersion.v4, .v3])
    func whoDoesNotPollIsNotAlive(version: EngineProtocolVersion) {
        var machine = machine(.polling, version)
        if version == .v4 {
            #expect(machine.timeout(at: after(300)) == .ping)
            #expect(machine.send(.ping) == .keep)
            #expect(machine.receive(.pong, at: after(310)) == .ignore)
            #expect(machine.deadline == after(500))
            #expect(machine.receivePoll() == .respond([.ping]))
            #expect(machine.receive(.pong, at: after(320)) == .ignore)
            #expect(machine.deadline == after(620))
        } else {
            for _ in 0..<2 {
                #expect(machine.receive(.ping(ByteBuffer()), at: after(300)) == .send(.pong))
                #expect(machine.send(.pong) == .keep)
                #expect(machine.deadline == after(800))
            }
            #expect(machine.receive(.ping(ByteBuffer()), at: after(500)) == .send(.pong))
            #expect(machine.deadline == after(800))
            #expect(machine.receivePoll() == .respond([.pong, .pong]))
            #expect(machine.receive(.ping(ByteBuffer()), at: after(600)) == .send(.pong))
            #expect(machine.deadline == after(1100))
        }
    }

    @Test func asksWhatIsTakenAndEndsWhenItIsNothing() {
        var machine = SessionMachine(
            transport: .webSocket,
            version: .v4,
            configuration: EngineConfiguration(pingInterval: .seconds(60), sendTimeout: .seconds(6)),
            at: start
        )
        machine.bytesWait(taken: 1, at: start)
        for second in 1...5 {
            #expect(machine.deadline == after(second * 1000))
            #expect(machine.timeout(at: after(second * 1000)) == .look)
            #expect(machine.look(taken: 1, at: after(second * 1000)) == false)
        }
        #expect(machine.timeout(at: after(6000)) == .look)
        #expect(machine.look(taken: 1, at: after(6000)) == true)
        #expect(machine.send(.text("a")) == .drop)
        #expect(machine.deadline == nil)
    }

    @Test func waitsForThePingOfProtocol3() {
        var machine = machine(.webSocket, .v3)
        #expect(machine.deadline == after(500))
        #expect(machine.receive(.ping(ByteBuffer()), at: after(400)) == .send(.pong))
        #expect(machine.timeout(at: after(899)) == .wait)
        #expect(machine.timeout(at: after(900)) == .end)
    }

    // MARK: Close

    @Test func closesAWaitingPoll() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.send(.text("bye")) == .keep)
        #expect(machine.close(at: start) == .respond([.text("bye"), .close]))
        #expect(machine.close(at: start) == .ignore)
    }

    @Test func lingersForTheNextPoll() {
        var machine = machine()
        #expect(machine.close(at: start) == .linger)
        #expect(machine.receivePostHead() == .unknown)
        #expect(machine.send(.text("late")) == .drop)
        #expect(machine.end() == false)
        #expect(machine.receivePoll() == .farewell([.noop, .close]))
        #expect(machine.receivePoll() == .unknown)
    }

    @Test func lingersWithWhatIsLeft() {
        var machine = machine()
        #expect(machine.send(.text("bye")) == .keep)
        #expect(machine.close(at: start) == .linger)
        #expect(machine.receivePoll() == .farewell([.text("bye"), .close]))
    }

    @Test func forgetsWhatNobodyFetches() {
        var machine = machine()
        #expect(machine.close(at: start) == .linger)
        #expect(machine.timeout(at: after(29_999)) == .wait)
        #expect(machine.timeout(at: after(30_000)) == .forget)
        #expect(machine.deadline == nil)
        #expect(machine.timeout(at: after(90_000)) == .wait)
    }

    @Test func closesAWebSocket() {
        var machine = machine(.webSocket)
        #expect(machine.close(at: start) == .closeWebSocket)
        #expect(machine.close(at: start) == .ignore)
    }

    // MARK: Upgrade

    @Test func movesToTheWebSocket() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.mayBeProbed == true)
        #expect(machine.receiveProbe() == .answer(poll: [.noop]))
        #expect(machine.mayBeProbed == false)
        #expect(machine.receivePoll() == .respond([.noop]))
        #expect(machine.send(.text("a")) == .keep)
        #expect(
            machine.receiveUpgrade(wasProbed: true, at: after(100))
                == .complete(write: [.text("a")], isPollWaiting: false)
        )
        #expect(machine.deadline == after(400))
        #expect(machine.receivePoll() == .mismatch)
        #expect(machine.send(.text("b")) == .write)
        #expect(machine.receiveProbe() == .refuse)
        #expect(machine.receiveUpgrade(wasProbed: true, at: after(100)) == .refuse)
        #expect(machine.receiveUpgrade(wasProbed: false, at: after(100)) == .refuse)
    }

    @Test func movesToAWebSocketThatDoesNotProbe() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.send(.text("a")) == .keep)
        #expect(
            machine.receiveUpgrade(wasProbed: false, at: after(100))
                == .complete(write: [.text("a")], isPollWaiting: true)
        )
        #expect(machine.deadline == after(400))
        #expect(machine.receivePoll() == .mismatch)
    }

    @Test func pollsGoOnUntilTheUpgrade() {
        var machine = machine()
        #expect(machine.receiveProbe() == .answer(poll: nil))
        #expect(machine.send(.text("a")) == .keep)
        #expect(machine.receivePoll() == .respond([.text("a")]))
        machine.probeFailed()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.mayBeProbed == true)
    }

    @Test func aProbeAnswersTheWaitingPollWithWhatThereIs() {
        var machine = machine()
        #expect(machine.receivePoll() == .wait)
        #expect(machine.send(.text("a")) == .keep)
        #expect(machine.receiveProbe() == .answer(poll: [.text("a")]))
    }

    @Test func refusesWhoeverComesSecond() {
        var machine = machine()
        #expect(machine.receiveUpgrade(wasProbed: true, at: start) == .refuse)
        #expect(machine.receiveProbe() == .answer(poll: nil))
        #expect(machine.receiveProbe() == .refuse)
        #expect(machine.receiveUpgrade(wasProbed: false, at: start) == .refuse)
        #expect(machine.receiveUpgrade(wasProbed: true, at: start) == .complete(write: [], isPollWaiting: false))
    }
}
