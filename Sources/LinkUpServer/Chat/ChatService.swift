import EngineIO
import Locking
import SocketIO

/// The namespace `/chat`: puts people into rooms, and messages onto disk and on their way.
///
/// New messages leave from the store's thread, in order of their ids, so each receiver gets them in that order; all
/// else leaves from the loop of the socket that it is about.
final class ChatService: Sendable {
    private let store: any MessageStore
    private let keys: ResumeKeys
    private let limits: ClientLimits
    private let time: @Sendable () -> Int64
    private let roster: Mutex<ChatRoster>

    /// Makes a service.
    /// - Parameters:
    ///   - store: The history; what is new in it must be given to ``announce(_:of:in:)``.
    ///   - keys: Makes and checks resume keys.
    ///   - limits: What each client has done.
    ///   - roomSize: How many people a room takes.
    ///   - time: The time of day, in milliseconds since 1970.
    init(
        store: any MessageStore,
        keys: ResumeKeys,
        limits: ClientLimits,
        roomSize: RoomSize = RoomSize(),
        time: @escaping @Sendable () -> Int64
    ) {
        self.store = store
        self.keys = keys
        self.limits = limits
        self.time = time
        roster = Mutex(ChatRoster(size: roomSize))
    }

    /// Sends a message that was stored to everybody in its room but its author.
    static func announce(_ message: Message, of room: RoomName, in namespace: Namespace) {
        namespace.to(channel(of: room.value)).except(channel(ofAuthor: message.author))
            .emit("message", ChatMessage(message, in: room))
    }

    /// Serves the sockets that join a namespace from now on.
    func serve(_ namespace: Namespace) {
        limits.guardJoins(of: namespace)
        namespace.onConnection { [self] socket in serve(socket) }
    }

    private func serve(_ socket: Socket) {
        let requests = RequestHandler(socket, limits: limits)
        let visit = ChatVisit(socket: socket, client: requests.client)
        requests.answerLater("join", .control, .read) { [self] arguments, _ throws(RequestError) in
            try join(arguments, visit)
        }
        requests.answerLater("history", .control, .read) { [self] arguments, _ throws(RequestError) in
            try history(arguments, visit)
        }
        requests.answerLater("say", .say, .write) { [self] arguments, now throws(RequestError) in
            try say(arguments, visit, at: now)
        }
        requests.answer("typing", .typing) { [self] arguments, _ throws(RequestError) in
            let place = try place(of: visit)
            let typing = Typing(
                id: place.person.id,
                name: place.person.name,
                active: try arguments.boolean("active")
            )
            // Who is slow to take what it is sent need not know.
            visit.socket.to(Self.channel(of: place.room.value)).volatile.emit("typing", typing)
            return NoResult()
        }
        requests.answer("leave", .leave) { [self] _, _ throws(RequestError) in
            leave(visit)
            return NoResult()
        }
        socket.onDisconnect { [self] _ in leave(visit) }
    }

    /// Listens first, reads then, and enters last: what is said meanwhile comes as an event, perhaps in the page too,
    /// but is not lost; and whoever can't enter is still where it was.
    private func join(
        _ arguments: RequestArguments,
        _ visit: ChatVisit
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<ChatJoined> {
        let room = try RoomName(arguments.string("room"))
        let name = try DisplayName(arguments.string("name"))
        var generator = SystemRandomNumberGenerator()
        let id = try keys.participant(arguments, in: room) ?? .random(using: &generator)
        let place = ChatRoster.Place(
            room: room,
            person: Person(id: id, name: name),
            network: visit.client.network.id
        )
        try visit.checkRoom()
        let result = roster.withLock { roster in
            Result { () throws(RequestError) in
                try roster.checkPlace(in: room, for: id, place.network, visit.socket.id)
            }
        }
        try result.get()
        let attempt = try visit.begin(room)
        visit.socket.join(Self.channel(of: room.value))
        return { [self] () throws(RequestError) in
            let page: ChatPage
            do throws(RequestError) {
                page = try await read(in: room, before: .max, limit: Limits.historyPage)
            } catch {
                return { [self] () throws(RequestError) in
                    giveUp(visit)
                    throw error
                }
            }
            return { [self] () throws(RequestError) in
                guard visit.isUnderWay(attempt) else { throw .notJoined }
                return try enter(place, visit, page)
            }
        }
    }

    /// Runs on the loop of the socket.
    private func enter(
        _ place: ChatRoster.Place,
        _ visit: ChatVisit,
        _ page: ChatPage
    ) throws(RequestError) -> ChatJoined {
        let socket = visit.socket
        let result = roster.withLock { roster in
            Result { () throws(RequestError) in try roster.enter(place, socket: socket.id) }
        }
        let entered: ChatRoster.Entered
        do throws(RequestError) {
            entered = try result.get()
        } catch {
            giveUp(visit)
            throw error
        }
        visit.end()
        if let former = entered.former { farewell(former, socket, stays: former.room == place.room) }
        if let replaced = entered.replaced { visit.socket.namespace.to(replaced).disconnectSockets() }
        socket.join(Self.channel(ofAuthor: place.person.id.value))
        socket.to(Self.channel(of: place.room.value)).emit("person-joined", place.person)
        return ChatJoined(
            id: place.person.id,
            people: entered.people,
            peopleCount: entered.peopleCount,
            messages: page.messages,
            more: page.more,
            resumeKey: keys.makeKey(room: place.room, id: place.person.id)
        )
    }

    /// A `join` has failed: the socket is where it was.
    private func giveUp(_ visit: ChatVisit) {
        guard let room = visit.end(), roster.withLock({ $0.place(of: visit.socket.id)?.room }) != room else { return }
        visit.socket.leave(Self.channel(of: room.value))
    }

    private func history(
        _ arguments: RequestArguments,
        _ visit: ChatVisit
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<ChatPage> {
        let place = try place(of: visit)
        let before = try arguments.integer("before")
        let limit = try arguments.integerIfPresent("limit") ?? Int64(Limits.historyPage)
        guard (1...Int64(Limits.historyPage)).contains(limit) else {
            throw .badRequest("`limit` must be 1 to \(Limits.historyPage).")
        }
        try visit.checkRoom()
        return { [self] () throws(RequestError) in
            let page = try await read(in: place.room, before: before, limit: Int(limit))
            return { () throws(RequestError) in page }
        }
    }

    private func say(
        _ arguments: RequestArguments,
        _ visit: ChatVisit,
        at now: ContinuousClock.Instant
    ) throws(RequestError) -> @Sendable () async throws(RequestError) -> RequestHandler.Finish<Said> {
        let place = try place(of: visit)
        let text = try MessageText(arguments.string("text"))
        var key: MessageKey?
        if let given = try arguments.stringIfPresent("key") { key = try MessageKey(given) }
        let draft = MessageDraft(
            room: place.room,
            author: place.person.id.value,
            name: place.person.name,
            text: text,
            time: time(),
            key: key
        )
        // What is sent along with the text has some 250 bytes.
        let byteCount = text.value.utf8.count + 250
        try visit.client.take(.sayBytes, byteCount, at: now)
        let result = roster.withLock { roster in
            Result { () throws(RequestError) in try roster.say(byteCount: byteCount, in: place.room, at: now) }
        }
        try result.get()
        return { [store] () throws(RequestError) in
            let stored: StoredMessage
            do {
                stored = try await store.append(draft)
            } catch {
                // The store says in the log what is wrong.
                throw RequestError.notStored(StorageFailure(error))
            }
            guard stored.isAnswer(to: draft) else {
                throw .badRequest("`key` was given to another message of this participant.")
            }
            return { () throws(RequestError) in Said(message: ChatMessage(stored.message, in: draft.room)) }
        }
    }

    /// Runs on the loop of the socket.
    private func leave(_ visit: ChatVisit) {
        if let room = visit.end() { visit.socket.leave(Self.channel(of: room.value)) }
        guard let place = roster.withLock({ $0.leave(visit.socket.id) }) else { return }
        farewell(place, visit.socket, stays: false)
    }

    private func farewell(_ place: ChatRoster.Place, _ socket: Socket, stays: Bool) {
        let channel = Self.channel(of: place.room.value)
        socket.leave(Self.channel(ofAuthor: place.person.id.value))
        if !stays { socket.leave(channel) }
        socket.to(channel).emit("person-left", PersonLeft(id: place.person.id))
    }

    private func place(of visit: ChatVisit) throws(RequestError) -> ChatRoster.Place {
        guard let place = roster.withLock({ $0.place(of: visit.socket.id) }) else { throw .notJoined }
        return place
    }

    private func read(in room: RoomName, before: Int64, limit: Int) async throws(RequestError) -> ChatPage {
        do {
            // Whoever asked may be gone.
            try Task.checkCancellation()
            let page = try await store.page(
                in: room,
                before: before,
                limit: limit,
                maxBytes: Limits.historyBytes
            )
            return ChatPage(page, in: room)
        } catch {
            // The store says in the log what is wrong.
            throw .internal
        }
    }

    /// The Socket.IO room of a chat room; no room's name has a colon, so none is taken for a socket's own room.
    private static func channel(of room: String) -> String {
        "room:\(room)"
    }

    /// The Socket.IO room of those who said something, so that it is not sent to them.
    private static func channel(ofAuthor author: String) -> String {
        "author:\(author)"
    }
}

/// The result of `join`.
private struct ChatJoined: Encodable, Sendable {
    var id: ParticipantID
    var people: [Person]
    var peopleCount: Int
    var messages: [ChatMessage]
    var more: Bool
    var resumeKey: String

    private enum CodingKeys: String, CodingKey {
        case id = "self"
        case people
        case peopleCount
        case messages
        case more
        case resumeKey
    }
}

/// The result of `say`.
private struct Said: Encodable, Sendable {
    var message: ChatMessage
}

/// The argument of `typing`.
private struct Typing: Encodable, Sendable {
    var id: ParticipantID
    var name: DisplayName
    var active: Bool
}

/// The argument of `person-left`.
private struct PersonLeft: Encodable, Sendable {
    var id: ParticipantID
}
