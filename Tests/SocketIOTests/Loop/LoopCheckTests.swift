import EngineIO
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// What of a socket is for its loop alone ends a process that touches it elsewhere; the rest may be used from anywhere.
@Suite struct LoopCheckTests {
    enum Member: String, CaseIterable, Codable, Sendable {
        case rooms, data, setData, connectionData, setConnectionData

        func use(_ socket: Socket) {
            switch self {
            case .rooms: _ = socket.rooms
            case .data: _ = socket.data[Int.self]
            case .setData: socket.data[Int.self] = 1
            case .connectionData: _ = socket.connectionData[Int.self]
            case .setConnectionData: socket.connectionData[Int.self] = 1
            }
        }
    }

    /// What is safe anywhere.
    enum SafeMember: String, CaseIterable, Sendable {
        case id, namespace, connection, handshake, isRecovered, isConnected, emit, acknowledgedEmit, join, leave, on,
            hook
        case disconnect, close

        func use(_ socket: Socket) {
            switch self {
            case .id: _ = socket.id
            case .namespace: _ = socket.namespace.name
            case .connection: _ = (socket.connection.id, socket.connection.handshake, socket.connection.loop)
            case .handshake: _ = socket.handshake
            case .isRecovered: _ = socket.isRecovered
            case .isConnected: _ = socket.isConnected
            case .emit: socket.emit("a")
            case .acknowledgedEmit:
                socket.timeout(.seconds(1)).emit("a") { (_: Result<SocketArguments, AcknowledgementError>) in }
            case .join: socket.join("r")
            case .leave: socket.leave("r")
            case .on: socket.off(socket.on("a") { () in })
            case .hook: socket.onDisconnecting { (_: DisconnectReason) in }
            case .disconnect: socket.disconnect()
            case .close: socket.disconnect(close: true)
            }
        }
    }

    static func join() throws -> (Fixture, Socket) {
        let fixture = Fixture()
        let sockets = Journal<Socket>()
        fixture.io.onConnection { sockets.add($0) }
        _ = fixture.join()
        return (fixture, try #require(sockets.entries.first))
    }

    @Test(arguments: Member.allCases)
    func elsewhereItEndsTheProcess(member: Member) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [member = member as Member] in
            let (_, socket) = try LoopCheckTests.join()
            member.use(socket)
        }
        let error = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(error.contains("is for the socket's loop"))
    }

    @Test(arguments: Member.allCases)
    func onTheLoopItIsFine(member: Member) throws {
        let (fixture, socket) = try LoopCheckTests.join()
        fixture.loop.turn { member.use(socket) }
    }

    @Test(arguments: SafeMember.allCases, [true, false])
    func theRestMayBeUsedAnywhere(member: SafeMember, isOnLoop: Bool) throws {
        let (fixture, socket) = try LoopCheckTests.join()
        if isOnLoop { fixture.loop.turn { member.use(socket) } } else { member.use(socket) }
        fixture.loop.turn()
    }
}
