import FoundationEssentials
import Hummingbird

/// What a page sends when it is being closed: `{ "room", "key", "connection" }`.
///
/// Browsers send it by themselves (`navigator.sendBeacon`), with nobody to read an answer.
struct Goodbye: Decodable {
    var room: String
    var key: String
    var connection: String

    /// The most bytes of it: a room's name and two keys.
    private static let largest = 1024

    /// Takes a goodbye; one that can't be read, or proves nothing, does nothing.
    static func receive(_ body: RequestBody, _ rooms: RoomService?) async -> HTTPResponse.Status {
        if let bytes = try? await body.collect(upTo: largest),
            let goodbye = try? JSONDecoder().decode(Self.self, from: Data(bytes.readableBytesView))
        {
            rooms?.pageCloses(goodbye.room, key: goodbye.key, connection: goodbye.connection)
        }
        return .noContent
    }
}
