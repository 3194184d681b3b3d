import EngineIO

/// The events of one name from a client, for `for await`; made by `events` of ``Socket``.
///
/// It is for one loop: what is taken by one is not there for another. It ends when the socket is disconnected, after what
/// it holds was taken; when the task that takes from it is cancelled, or when nobody has it any more, what it holds is
/// dropped and the socket does without it from then on.
public struct SocketEvents<Element: Sendable>: AsyncSequence, Sendable {
    private let source: Source

    fileprivate init(_ queue: EventQueue<Element>, _ listener: SocketListener, of socket: Socket) {
        source = Source(queue, listener, of: socket)
    }

    /// Takes events.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }

    /// Takes events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: Source

        /// Waits for the next event; `nil` when there will be none.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Element? {
            await source.next(isolation: actor)
        }
    }

    /// What a sequence and its iterators have in common; with the last of them the events are not wanted any more.
    fileprivate final class Source: Sendable {
        private let queue: EventQueue<Element>
        private let listener: SocketListener
        private weak let socket: Socket?

        init(_ queue: EventQueue<Element>, _ listener: SocketListener, of socket: Socket) {
            self.queue = queue
            self.listener = listener
            self.socket = socket
        }

        deinit { cancel() }

        private func cancel() {
            queue.loop.execute { [queue, listener, weak socket] in
                socket?.off(listener)
                queue.cancel()
            }
        }

        func next(isolation actor: isolated (any Actor)?) async -> Element? {
            await withTaskCancellationHandler {
                if Task.isCancelled { return nil }
                return await withCheckedContinuation { continuation in
                    queue.loop.run { [queue] in queue.next(continuation) }
                }
            } onCancel: {
                cancel()
            }
        }
    }
}

extension Socket {
    /// The events of one kind, in the order in which they come, for `for await`; see ``Event``.
    ///
    /// Events are kept from this call on, up to `limit` that were not taken yet. While there are as many, and while those
    /// of all sequences and handlers have more than ``SocketIOServer/Configuration/maxHandlerBytesInFlight``, no further
    /// event of the client reaches any handler, as when too many asynchronous handlers are in flight: events wait in
    /// their order, and a client that sends more than ``SocketIOServer/Configuration/maxHeldEvents`` or
    /// ``SocketIOServer/Configuration/maxHeldBytes`` meanwhile is disconnected. What is being worked on in the body of
    /// the loop is not kept any more and does not count.
    ///
    /// The sequence has a place among the handlers of the event, the one of this call. Arguments that don't fit are
    /// handled as for a handler.
    ///
    /// Take the events in a task, which ends with the socket. An asynchronous connection handler that takes them itself
    /// waits in vain: there are no events before it has returned.
    /// - Parameters:
    ///   - event: Which events.
    ///   - limit: How many events may be there that were not taken; at least one.
    /// - Returns: A sequence of the arguments, as a tuple when there are several.
    public func events<each Argument: Decodable & Sendable>(
        _ event: Event<repeat each Argument, Void>,
        limit: Int
    ) -> SocketEvents<(repeat each Argument)> {
        events(event.name, limit: limit) { reader, _ in (repeat try reader.next((each Argument).self)) }
    }

    /// The events of one kind that have an acknowledgement, otherwise like those without.
    /// - Parameters:
    ///   - event: Which events.
    ///   - limit: How many events may be there that were not taken; at least one.
    /// - Returns: A sequence of the arguments, as a tuple when there are several, and what sends the acknowledgement.
    public func events<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: Event<repeat each Argument, Answer>,
        limit: Int
    ) -> SocketEvents<((repeat each Argument), @Sendable (Answer) -> Void)> {
        events(event.name, limit: limit) { reader, acknowledge in
            ((repeat try reader.next((each Argument).self)), { (answer: Answer) in acknowledge?(answer) })
        }
    }

    /// The events of one name, undecoded, and what answers when the client waits for it; otherwise like those of an
    /// ``Event``.
    /// - Parameters:
    ///   - event: The name.
    ///   - limit: How many events may be there that were not taken; at least one.
    /// - Returns: A sequence of the arguments.
    public func events(_ event: String, limit: Int) -> SocketEvents<(SocketArguments, Acknowledge?)> {
        events(event, limit: limit) { reader, acknowledge in (reader.arguments, acknowledge) }
    }

    private func events<Element: Sendable>(
        _ event: String,
        limit: Int,
        _ decode: @escaping @Sendable (inout ArgumentReader, Acknowledge?) throws -> Element
    ) -> SocketEvents<Element> {
        let queue = EventQueue<Element>(client, limit: limit)
        let registration = EventQueue<Element>.Registration(queue)
        let listener = add(event, isAsynchronous: true) { _, arguments, acknowledge in
            let arguments = arguments.kept
            var reader = ArgumentReader(arguments)
            registration.queue.receive(try decode(&reader, acknowledge), byteCount: arguments.byteCount)
        }
        return SocketEvents(queue, listener, of: self)
    }
}
