import EngineIO
import SocketIO

// What is said, changed, taken back, read and searched.
extension RoomService {
    /// Answers the requests about messages.
    func serveChat(_ visit: RoomVisit) {
        let connection = visit.socket.id
        visit.requests.answerLater("history", .control, .read) { [self] arguments, now throws(RequestError) in
            try history(arguments, visit, at: now)
        }
        visit.requests.answerLater("search", .control, .read) { [self] arguments, now throws(RequestError) in
            try search(arguments, visit, at: now)
        }
        visit.requests.answerLater("say", .say, .write) { [self] arguments, now throws(RequestError) in
            try say(arguments, visit, at: now)
        }
        visit.requests.answerLater("edit", .say, .write) { [self] arguments, now throws(RequestError) in
            let text = try MessageText(arguments.string("text"))
            let number = try arguments.integer("number")
            let byteCount = text.value.utf8.count + Self.envelopeBytes
            try visit.client.take(.sayBytes, byteCount, at: now)
            let place = try ask(.amend(byteCount: byteCount), connection, at: now)
            return write { [store, time] in
                try await store.edit(number, in: place.room, by: place.id.value, text: text, time: time())
            }
        }
        visit.requests.answerLater("delete", .say, .write) { [self] arguments, now throws(RequestError) in
            let number = try arguments.integer("number")
            let place = try ask(.amend(byteCount: Self.envelopeBytes), connection, at: now)
            let author = may(.moderate, place) ? nil : place.id.value
            return write { [store, time] in
                try await store.delete(number, in: place.room, by: author, time: time())
            }
        }
        visit.requests.answer("typing", .typing) { [self] arguments, now throws(RequestError) in
            try ask(.typing(try arguments.boolean("active")), connection, at: now)
            return NoResult()
        } then: { [self] in
            flush()
        }
    }

    /// What is sent along with a text.
    private static let envelopeBytes = 250

    private func history(
        _ arguments: RequestArguments,
        _ visit: RoomVisit,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<MessagePage> {
        let limit = try arguments.pageLimit()
        let (before, after) = (try arguments.integerIfPresent("before"), try arguments.integerIfPresent("after"))
        guard before == nil || after == nil else { throw .badRequest("after") }
        return try page(visit, at: now) { [store] room in
            if let after {
                try await store.page(in: room, after: after, limit: limit, maxBytes: Limits.historyBytes)
            } else {
                try await store.page(in: room, before: before ?? .max, limit: limit, maxBytes: Limits.historyBytes)
            }
        }
    }

    private func search(
        _ arguments: RequestArguments,
        _ visit: RoomVisit,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<MessagePage> {
        let text = try SearchText(arguments.string("text"))
        let (limit, before) = (try arguments.pageLimit(), try arguments.integerIfPresent("before") ?? .max)
        return try page(visit, at: now) { [store] room in
            try await store.search(text, in: room, before: before, limit: limit, maxBytes: Limits.historyBytes)
        }
    }

    private func page(
        _ visit: RoomVisit,
        at now: ContinuousClock.Instant,
        _ body: @escaping @Sendable (RoomName) async throws -> MessagePage
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<MessagePage> {
        let place = try ask(.read, visit.socket.id, at: now)
        try visit.checkRoom()
        return { [self] () throws(RequestError) in
            let page = try await read { try await body(place.room) }
            return { () throws(RequestError) in page }
        }
    }

    private func say(
        _ arguments: RequestArguments,
        _ visit: RoomVisit,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<MessageAnswer> {
        let text = try MessageText(arguments.string("text"))
        var key: MessageKey?
        if let given = try arguments.stringIfPresent("key") { key = try MessageKey(given) }
        let replyTo = try arguments.integerIfPresent("replyTo")
        let byteCount = text.value.utf8.count + Self.envelopeBytes
        try visit.client.take(.sayBytes, byteCount, at: now)
        let place = try ask(.say(byteCount: byteCount), visit.socket.id, at: now)
        guard let name = name(of: place) else { throw .notJoined }
        let draft = MessageDraft(
            room: place.room,
            author: place.id.value,
            name: name,
            text: text,
            time: time(),
            key: key,
            replyTo: replyTo
        )
        return write { [store] in
            let stored = try await store.append(draft)
            guard stored.isAnswer(to: draft) else { throw RequestError.badRequest("key") }
            return stored.message
        }
    }

    /// Stores something, and answers with the message as it is then.
    private func write(
        _ body: @escaping @Sendable () async throws -> Message
    ) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<MessageAnswer> {
        { () throws(RequestError) in
            let message: Message
            do {
                message = try await body()
            } catch let error as RequestError {
                throw error
            } catch MessageRefusal.unknownMessage {
                throw .unknownMessage
            } catch MessageRefusal.notTheAuthor {
                throw .notAllowed
            } catch {
                // The store says in the log what is wrong.
                throw .notStored(StorageFailure(error))
            }
            return { () throws(RequestError) in MessageAnswer(message: message) }
        }
    }
}

/// The result of `say`, `edit` and `delete`.
struct MessageAnswer: Encodable, Sendable {
    /// The message as it is stored.
    var message: Message
}

extension RequestArguments {
    /// How many messages are asked for.
    /// - Throws: `bad-request`.
    fileprivate func pageLimit() throws(RequestError) -> Int {
        let limit = try integerIfPresent("limit") ?? Int64(Limits.historyPage)
        guard (1...Int64(Limits.historyPage)).contains(limit) else {
            throw .badRequest("limit", limit: Limits.historyPage)
        }
        return Int(limit)
    }
}
