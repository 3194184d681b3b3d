import Crypto
import FoundationEssentials
import Networking

/// Makes and checks the keys with which members return as who they were.
///
/// A key is `ID.TAG`: the member's id and HMAC-SHA256 over room and id, in base64url. It proves itself, so the
/// server remembers nothing and a key outlives a restart; it is good for its room and id alone.
struct RoomKeys: Sendable {
    private let secret: SymmetricKey

    /// Takes the secret of this installation; see ``DataDirectory/loadSecret()``.
    init(secret: some ContiguousBytes) {
        self.secret = SymmetricKey(data: secret)
    }

    /// Makes the key of a member.
    func makeKey(room: RoomName, id: MemberID) -> String {
        "\(id.value).\(Base64URL.encode(tag(room: room, id: id)))"
    }

    /// Finds out whom a client proves to have been in a room, by the `key` of its request.
    /// - Returns: `nil` when it gave no key, or one that this server did not make for this room.
    /// - Throws: `bad-request` when the key is too long or no string.
    func member(_ arguments: RequestArguments, in room: RoomName) throws(RequestError) -> MemberID? {
        guard let key = try arguments.stringIfPresent("key") else { return nil }
        guard key.utf8.count <= Limits.roomKey else {
            throw .badRequest("key", limit: Limits.roomKey)
        }
        return verify(key, room: room)
    }

    /// Checks a key.
    /// - Returns: The id that the key stands for; `nil` when this server did not make it for this room.
    func verify(_ key: String, room: RoomName) -> MemberID? {
        guard let dot = key.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let id = MemberID(String(key[..<dot]))
        return constantTimeEquals(key, makeKey(room: room, id: id)) ? id : nil
    }

    /// Room names hold no slash, so no two pairs of room and id give the same bytes.
    private func tag(room: RoomName, id: MemberID) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data("linkup-resume/\(room.value)/\(id.value)".utf8), using: secret)
    }
}
