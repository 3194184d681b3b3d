import NIOCore
import NIOPosix

/// What an event loop wants other loops to do, handed to each of them at once when the turn is over.
///
/// A turn that broadcasts eight times would otherwise wake the other loops eight times, and they would write to each of
/// their sockets several times, as they are done with the first message before they have heard of the last.
///
/// Unchecked: touched on the thread of its event loop only.
final class LoopOutbox: @unchecked Sendable {
    private static let current = ThreadSpecificVariable<LoopOutbox>()

    private let eventLoop: any EventLoop
    private var letters: [(recipient: any EventLoop, works: [@Sendable () -> Void])] = []

    private init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The outbox of the event loop that runs the caller; `nil` on threads that run none.
    static var ofCurrentLoop: LoopOutbox? {
        if let outbox = current.currentValue { return outbox }
        guard let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop else { return nil }
        let outbox = LoopOutbox(eventLoop)
        current.currentValue = outbox
        return outbox
    }

    /// Has `work` run on another loop, behind what was posted to it before.
    func post(_ work: @escaping @Sendable () -> Void, to recipient: any EventLoop) {
        if letters.isEmpty {
            eventLoop.execute { self.deliver() }
        }
        if let index = letters.firstIndex(where: { $0.recipient === recipient }) {
            letters[index].works.append(work)
        } else {
            letters.append((recipient, [work]))
        }
    }

    /// Hands over what was posted in this turn so far.
    func deliver() {
        let letters = letters
        self.letters.removeAll(keepingCapacity: true)
        for letter in letters {
            letter.recipient.execute { for work in letter.works { work() } }
        }
    }
}
