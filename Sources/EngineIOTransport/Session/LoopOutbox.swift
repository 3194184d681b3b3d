import NIOCore
import NIOPosix

/// The loops that an event loop has posted work to, which are woken when its turn is over.
///
/// A turn that broadcasts eight times would otherwise wake the other loops eight times, and they would write to each of
/// their sockets several times, as they are done with the first message before they have heard of the last.
///
/// Unchecked: touched on the thread of its event loop only.
final class LoopOutbox: @unchecked Sendable {
    private static let current = ThreadSpecificVariable<LoopOutbox>()

    private let eventLoop: any EventLoop
    private var recipients: [LoopInbox] = []

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

    /// Has a loop woken for the work in its inbox.
    func wakeLater(_ recipient: LoopInbox) {
        if recipients.isEmpty {
            eventLoop.execute { self.deliver() }
        }
        if !recipients.contains(where: { $0 === recipient }) { recipients.append(recipient) }
    }

    /// Wakes those that were posted to in this turn so far.
    func deliver() {
        for recipient in recipients { recipient.wake() }
        recipients.removeAll(keepingCapacity: true)
    }
}
