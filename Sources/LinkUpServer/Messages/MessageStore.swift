/// The messages of all rooms, on something that outlives the process.
///
/// An implementation gets a function when it is made, which it calls for each message that is new or has changed, in the
/// order of what happened in the room: once it is on disk, before whoever asked for it learns of it. So what is sent to
/// others is what everybody can read, in one order. It must not wait.
///
/// All functions fail with ``StorageFailure`` where the store can't do its work; then nothing was stored or changed.
protocol MessageStore: Sendable {
    /// Stores a message; returns when it is on disk.
    /// - Parameter draft: The message. Where its author has used its key in the room before, nothing is stored.
    /// - Returns: What became of it.
    /// - Throws: ``MessageRefusal/unknownMessage`` when it answers none of the room, or ``StorageFailure``.
    func append(_ draft: MessageDraft) async throws -> StoredMessage

    /// Changes the text of a message; returns when that is on disk.
    /// - Parameters:
    ///   - number: The number of the message.
    ///   - room: Its room.
    ///   - author: Whose message it has to be; `nil` for anybody's.
    ///   - text: The new text.
    ///   - time: When, in milliseconds since 1970.
    /// - Returns: The message as it is now.
    /// - Throws: ``MessageRefusal``, or ``StorageFailure``.
    func edit(
        _ number: Int64,
        in room: RoomName,
        by author: String?,
        text: MessageText,
        time: Int64
    ) async throws
        -> Message

    /// Takes back a message: it keeps its number and loses its text. One that was taken back stays so.
    /// - Parameters:
    ///   - number: The number of the message.
    ///   - room: Its room.
    ///   - author: Whose message it has to be; `nil` for anybody's.
    ///   - time: When, in milliseconds since 1970.
    /// - Returns: The message as it is now.
    /// - Throws: ``MessageRefusal``, or ``StorageFailure``.
    func delete(_ number: Int64, in room: RoomName, by author: String?, time: Int64) async throws -> Message

    /// Reads the messages of a room directly before a number, oldest first.
    /// - Parameters:
    ///   - room: The room.
    ///   - number: The number; the newest messages are before `.max`.
    ///   - limit: The most messages to read, at least 1.
    ///   - maxBytes: How many bytes their JSON may have; one message is read whatever it has.
    /// - Returns: The messages, and whether there are older ones.
    /// - Throws: ``StorageFailure``, or that the task was cancelled.
    func page(in room: RoomName, before number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage

    /// Reads the messages of a room directly after a number, oldest first.
    /// - Parameters:
    ///   - room: The room.
    ///   - number: The number; the oldest messages are after 0.
    ///   - limit: The most messages to read, at least 1.
    ///   - maxBytes: How many bytes their JSON may have; one message is read whatever it has.
    /// - Returns: The messages, and whether there are newer ones.
    /// - Throws: ``StorageFailure``, or that the task was cancelled.
    func page(in room: RoomName, after number: Int64, limit: Int, maxBytes: Int) async throws -> MessagePage

    /// Finds the newest messages of a room that have all words of a text, newest first.
    /// - Parameters:
    ///   - text: The words; one without any finds nothing.
    ///   - room: The room.
    ///   - number: The number before which the messages stand; `.max` for all.
    ///   - limit: The most messages to read, at least 1.
    ///   - maxBytes: How many bytes their JSON may have; one message is read whatever it has.
    /// - Returns: The messages, and whether there are older ones.
    /// - Throws: ``StorageFailure``, or that the task was cancelled.
    func search(
        _ text: SearchText,
        in room: RoomName,
        before number: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws
        -> MessagePage

    /// The last number that was given in a room; 0 before the first.
    /// - Throws: ``StorageFailure``, or that the task was cancelled.
    func lastNumber(in room: RoomName) async throws -> Int64

    /// Deletes a slice of what is not kept any longer, when the store has time for it.
    /// - Parameter oldest: Messages from before this time, in milliseconds since 1970, are not kept; `nil` for all.
    /// - Returns: How many messages were deleted; 0 when there is nothing more to delete, or the task was cancelled.
    func sweep(before oldest: Int64?) async -> Int

    /// Says why messages can't be stored or read; tries it where it last failed.
    /// - Parameter patience: How long the store may take before it counts as a failure.
    /// - Returns: Parts of sentences; empty when all is well.
    func problems(patience: Duration) async -> [String]

    /// Ends the store after what is being written; later calls fail.
    /// - Parameter patience: How long the store may take.
    /// - Throws: What prevented it, or that the store does not answer.
    func close(patience: Duration) throws
}

extension MessageStore {
    /// Says why messages can't be stored or read, and gives the store 3 seconds for it.
    /// - Returns: Parts of sentences; empty when all is well.
    func problems() async -> [String] { await problems(patience: .seconds(3)) }

    /// Ends the store, which has a second for it, of the five that a stop has.
    /// - Throws: What prevented it, or that the store does not answer.
    func close() throws { try close(patience: .seconds(1)) }
}

/// Why a message is not stored or changed, though the store could.
enum MessageRefusal: Error, Equatable, Sendable {
    /// There is no such message in the room, or it was taken back.
    case unknownMessage
    /// It is somebody else's.
    case notTheAuthor
}
