import NIOCore
import Testing

@testable import SocketIO

@Suite struct ConnectionMachineTests {
    private final class Member {}

    /// What the machine answers, without what it carries.
    private enum Answer: Equatable {
        case ignore
        case connect(String?)
        case refuse(String)
        case event(String, UInt64?, attachments: Int)
        case acknowledgement(UInt64)
        case leave
        case close(ConnectionMachine<Member>.Violation)

        init(_ action: ConnectionMachine<Member>.OnMessage) {
            self =
                switch action {
                case .ignore: .ignore
                case .connect(let namespace, _, _): .connect(namespace.map { String(buffer: $0) })
                case .refuse(let namespace): .refuse(String(buffer: namespace))
                case .event(_, let arguments, let id):
                    .event(arguments.eventName, id, attachments: arguments.attachments?.buffers.count ?? 0)
                case .acknowledgement(_, let id, _): .acknowledgement(id)
                case .leave: .leave
                case .close(let violation): .close(violation)
                }
        }
    }

    /// Holds the machine, which can't be copied into the expectations.
    private final class Driver {
        private var machine = ConnectionMachine<Member>(
            limits: ParserLimits(maxAttachments: 10),
            maximumNamespaces: 2,
            isProtocol3: false
        )

        var connectTimeout: Bool { machine.connectTimeout() }

        func text(_ text: String) -> Answer { Answer(machine.receiveText(ByteBuffer(string: text))) }
        func binary(_ bytes: [UInt8]) -> Answer { Answer(machine.receiveBinary(ByteBuffer(bytes: bytes))) }
        func connecting(_ name: ByteBuffer?, _ member: Member) { machine.connecting(name, member) }
        func resolving(_ name: ByteBuffer) -> UInt64 { machine.resolving(name) }
        func resolved(_ name: ByteBuffer, _ resolution: UInt64) -> Bool { machine.resolved(name, resolution) }
        func accept(_ name: ByteBuffer?, _ member: Member) -> Bool { machine.accept(name, member) }
        func refuse(_ name: ByteBuffer?, _ member: Member) -> Bool { machine.refuse(name, member) }
        func leave(_ name: ByteBuffer?) { machine.leave(name) }
        func close() -> [Member] { machine.close() }
    }

    private let chat = ByteBuffer(string: "/chat")

    @Test func joinsAndLeaves() {
        let machine = Driver()
        let member = Member()
        #expect(machine.text("0/chat,") == .connect("/chat"))
        machine.connecting(chat, member)
        #expect(machine.connectTimeout)
        #expect(machine.accept(chat, member))
        #expect(!machine.connectTimeout)
        #expect(machine.text("2/chat,1[\"a\"]") == .event("a", 1, attachments: 0))
        #expect(machine.text("3/chat,7[]") == .acknowledgement(7))
        #expect(machine.text("3/chat,[]") == .ignore)
        #expect(machine.text("1/chat,") == .leave)
        machine.leave(chat)
        for late in ["2/chat,[\"a\"]", "3/chat,1[]", "1/chat,"] {
            #expect(machine.text(late) == .ignore)
        }
        #expect(machine.text("0/chat,") == .connect("/chat"))
    }

    @Test func violationsClose() {
        let machine = Driver()
        #expect(machine.text("2[\"a\"]") == .close(.notJoined))
        #expect(machine.text("1") == .close(.notJoined))
        #expect(machine.text("4{}") == .close(.wrongDirection))
        let member = Member()
        machine.connecting(nil, member)
        #expect(machine.text("2[\"a\"]") == .close(.notJoined))
        #expect(machine.text("0") == .close(.joinedTwice))
        #expect(machine.accept(nil, member))
        #expect(machine.text("0") == .close(.joinedTwice))
        #expect(machine.text("2/chat,[\"a\"]") == .close(.notJoined))
        #expect(machine.text("x") == .close(.packet(.unknownType)))
        #expect(machine.binary([]) == .close(.packet(.unexpectedAttachment)))
    }

    @Test func waitsForAttachments() {
        let machine = Driver()
        let member = Member()
        machine.connecting(nil, member)
        #expect(machine.accept(nil, member))
        let two = "52-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"
        #expect(machine.text(two) == .ignore)
        #expect(machine.binary([1]) == .ignore)
        #expect(machine.binary([2]) == .event("a", nil, attachments: 2))
        #expect(machine.binary([]) == .close(.packet(.unexpectedAttachment)))
        // Without attachments it is complete, and the next packet is unaffected.
        #expect(machine.text("50-[\"b\"]") == .event("b", nil, attachments: 0))
        #expect(machine.text("2[\"c\"]") == .event("c", nil, attachments: 0))
        #expect(machine.text(two) == .ignore)
        #expect(machine.text("2[\"c\"]") == .close(.packet(.textInsteadOfAttachment)))
        let illegal = "51-[\"a\",{\"_placeholder\":true,\"num\":1}]"
        let other = Driver()
        #expect(other.text(illegal) == .ignore)
        #expect(other.binary([]) == .close(.packet(.illegalPlaceholder)))
    }

    @Test func leavingWhileConnectingWithdraws() {
        let machine = Driver()
        let first = Member()
        let second = Member()
        machine.connecting(nil, first)
        #expect(machine.text("1") == .leave)
        machine.leave(nil)
        #expect(!machine.accept(nil, first))
        machine.connecting(nil, second)
        #expect(!machine.accept(nil, first))
        #expect(!machine.refuse(nil, first))
        #expect(machine.accept(nil, second))
    }

    @Test func leavingWhileResolvingWithdraws() {
        let machine = Driver()
        #expect(machine.text("0/chat,") == .connect("/chat"))
        let first = machine.resolving(chat)
        #expect(machine.text("0/chat,") == .close(.joinedTwice))
        #expect(machine.text("2/chat,[\"a\"]") == .close(.notJoined))
        #expect(machine.connectTimeout)
        #expect(machine.text("1/chat,") == .ignore)
        #expect(!machine.resolved(chat, first))
        #expect(machine.text("2/chat,[\"a\"]") == .ignore)
        #expect(machine.text("0/chat,") == .connect("/chat"))
        let second = machine.resolving(chat)
        #expect(!machine.resolved(chat, first))
        #expect(machine.resolved(chat, second))
        #expect(!machine.resolved(chat, second))
        let third = machine.resolving(chat)
        #expect(machine.close().isEmpty)
        #expect(!machine.resolved(chat, third))
    }

    @Test func countsNamespaces() {
        let machine = Driver()
        let names = (0...6).map { ByteBuffer(string: "/\($0)") }
        let member = Member()
        machine.connecting(names[0], member)
        _ = machine.resolving(names[1])
        #expect(machine.text("0/2,") == .refuse("/2"))
        // The main namespace doesn't count.
        #expect(machine.text("0") == .connect(nil))
        machine.leave(names[0])
        #expect(machine.text("0/2,") == .connect("/2"))
        machine.connecting(names[2], member)
        #expect(machine.text("2/0,[\"late\"]") == .ignore)
        // Those that were left are forgotten when there are too many of them.
        machine.leave(names[2])
        machine.connecting(names[3], member)
        #expect(machine.text("2/0,[\"late\"]") == .close(.notJoined))
        #expect(machine.text("2/2,[\"late\"]") == .ignore)
    }

    @Test func nothingFollowsTheEnd() {
        let machine = Driver()
        let member = Member()
        machine.connecting(nil, member)
        #expect(machine.close().first === member)
        #expect(machine.close().isEmpty)
        #expect(!machine.accept(nil, member))
        #expect(!machine.connectTimeout)
        #expect(machine.text("x") == .ignore)
        #expect(machine.binary([]) == .ignore)
    }

    @Test(arguments: [
        (ConnectionMachine<Member>.Violation.packet(.malformedJSON), "forced close"),
        (.joinedTwice, "forced server close"), (.notJoined, "forced server close"),
        (.wrongDirection, "forced server close"),
    ])
    private func violationsHaveReasons(violation: ConnectionMachine<Member>.Violation, reason: String) {
        #expect(violation.reason.rawValue == reason)
    }
}
