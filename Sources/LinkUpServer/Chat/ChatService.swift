import Logging
import SocketIO
import Synchronization

/// The namespace `/chat`: puts people into rooms, and messages onto disk and on their way.
///
/// New messages leave from the store's thread, in order of their ids, so each receiver gets them in that order; all
/// else leaves from the loop of the socket that it is about.
final class ChatService: Sendable {
    private let store: ChatStore
    private let logger: Logger
    private let time: @Sendable () -> Int64
    private let roster = Mutex(ChatRoster())

    /// Makes a service.
    /// - Parameters:
    ///   - store: The history; its new messages must be given to ``announce(_:in:)``.
    ///   - logger: Where failures of the store go.
    ///   - time: The time of day, in milliseconds since 1970.
    init(store: ChatStore, logger: Logger, time: @escaping @Sendable () -> Int64) {
        self.store = store
        self.logger = logger
        self.time = time
    }

    /// Sends a message that was stored to everybody in its room but its author.
    static func announce(_ message: ChatMessage, in namespace: Namespace) {
        namespace.to(channel(of: message.room)).except(message.author).emit("message", message)
    }

    /// Serves the sockets that join a namespace from now on.
    func serve(_ namespace: Namespace) {
        namespace.onConnection { [self] socket in serve(socket) }
    }

    private func serve(_ socket: Socket) {
        let control = RateLimit(Limits.control)
        socket.answerLater("join", limit: control) { [self] arguments throws(RequestError) in
            try await join(arguments, socket)
        }
        socket.answerLater("history", limit: control) { [self] arguments throws(RequestError) in
            try await history(arguments, socket)
        }
        socket.answerLater("say", limit: RateLimit(Limits.say)) { [self] arguments throws(RequestError) in
            try await say(arguments, socket)
        }
        socket.answer("typing", limit: RateLimit(Limits.typing)) { [self] arguments, _ throws(RequestError) in
            let place = try place(of: socket)
            let typing = Typing(id: socket.id, name: place.name, active: try arguments.boolean("active"))
            socket.to(Self.channel(of: place.room.value)).emit("typing", typing)
            return NoResult()
        }
        socket.answer("leave", limit: nil) { [self] _, _ throws(RequestError) in
            leave(socket)
            return NoResult()
        }
        socket.onDisconnect { [self] _ in leave(socket) }
    }

    /// Enters first and reads then: what is said meanwhile comes as an event, perhaps in the page too, but is not lost.
    private func join(_ arguments: RequestArguments, _ socket: Socket) async throws(RequestError) -> ChatJoined {
        let room = try RoomName(arguments.string("room"))
        let name = try DisplayName(arguments.string("name"))
        leave(socket)
        roster.withLock { $0.enter(room, name: name, socket: socket.id) }
        let channel = Self.channel(of: room.value)
        socket.join(channel)
        socket.to(channel).emit("person-joined", Person(id: socket.id, name: name))
        let page: ChatPage
        do {
            page = try await read { [store] in try await store.newest(in: room, limit: Limits.historyPage) }
        } catch {
            leave(socket)
            throw error
        }
        // Read last, so that nobody who left meanwhile is in the list.
        let people = roster.withLock { $0.people(in: room) }
        return ChatJoined(id: socket.id, people: people, messages: page.messages, more: page.more)
    }

    private func history(_ arguments: RequestArguments, _ socket: Socket) async throws(RequestError) -> ChatPage {
        let place = try place(of: socket)
        let before = try arguments.integer("before")
        let limit = try arguments.integerIfPresent("limit") ?? Int64(Limits.historyPage)
        guard (1...Int64(Limits.historyPage)).contains(limit) else {
            throw .badRequest("`limit` must be 1 to \(Limits.historyPage).")
        }
        return try await read { [store] in try await store.page(in: place.room, before: before, limit: Int(limit)) }
    }

    private func say(_ arguments: RequestArguments, _ socket: Socket) async throws(RequestError) -> Said {
        let place = try place(of: socket)
        let text = try MessageText(arguments.string("text"))
        var key: MessageKey?
        if let given = try arguments.stringIfPresent("key") { key = try MessageKey(given) }
        let draft = ChatDraft(
            room: place.room,
            author: socket.id,
            name: place.name,
            text: text,
            time: time(),
            key: key
        )
        do {
            return Said(message: try await store.append(draft).message)
        } catch {
            logger.error("A chat message could not be stored", metadata: ["error": "\(error)"])
            throw .notStored
        }
    }

    private func leave(_ socket: Socket) {
        guard let room = roster.withLock({ $0.leave(socket.id) }) else { return }
        let channel = Self.channel(of: room.value)
        socket.leave(channel)
        socket.to(channel).emit("person-left", PersonLeft(id: socket.id))
    }

    private func place(of socket: Socket) throws(RequestError) -> ChatRoster.Place {
        guard let place = roster.withLock({ $0.place(of: socket.id) }) else { throw .notJoined }
        return place
    }

    private func read(
        _ body: @Sendable () async throws -> ChatPage
    ) async throws(RequestError) -> ChatPage {
        do {
            return try await body()
        } catch {
            logger.error("The chat history could not be read", metadata: ["error": "\(error)"])
            throw .internal
        }
    }

    /// The Socket.IO room of a chat room; no room's name has a colon, so none is taken for a socket's own room.
    private static func channel(of room: String) -> String {
        "room:\(room)"
    }
}

/// The result of `join`.
private struct ChatJoined: Encodable, Sendable {
    var id: SocketID
    var people: [Person]
    var messages: [ChatMessage]
    var more: Bool

    private enum CodingKeys: String, CodingKey {
        case id = "self"
        case people
        case messages
        case more
    }
}

/// The result of `say`.
private struct Said: Encodable, Sendable {
    var message: ChatMessage
}

/// The argument of `typing`.
private struct Typing: Encodable, Sendable {
    var id: SocketID
    var name: DisplayName
    var active: Bool
}

/// The argument of `person-left`.
private struct PersonLeft: Encodable, Sendable {
    var id: SocketID
}
