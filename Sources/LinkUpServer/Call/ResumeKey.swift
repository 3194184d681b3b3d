import Crypto
import FoundationEssentials
import Networking

/// Makes and checks the keys with which participants return as who they were.
///
/// A key is `ID.TAG`: the participant's id and HMAC-SHA256 over room and id, in base64url. It proves itself, so the
/// server remembers nothing and a key outlives a restart; it is good for its room and id alone.
struct ResumeKeys: Sendable {
    private let secret: SymmetricKey

    /// Takes the secret of this installation; see ``DataDirectory/loadSecret()``.
    init(secret: some ContiguousBytes) {
        self.secret = SymmetricKey(data: secret)
    }

    /// Makes the key of a participant.
    func makeKey(room: RoomName, id: ParticipantID) -> String {
        "\(id.value).\(Base64URL.encode(tag(room: room, id: id)))"
    }

    /// Finds out whom a client proves to have been in a room, by the `resume` of its request.
    /// - Returns: `nil` when it gave no key, or one that this server did not make for this room.
    /// - Throws: `bad-request` when the key is too long or no string.
    func participant(_ arguments: RequestArguments, in room: RoomName) throws(RequestError) -> ParticipantID? {
        guard let key = try arguments.stringIfPresent("resume") else { return nil }
        guard key.utf8.count <= Limits.resumeKey else {
            throw .badRequest("`resume` must be at most \(Limits.resumeKey) bytes.")
        }
        return verify(key, room: room)
    }

    /// Checks a key.
    /// - Returns: The id that the key stands for; `nil` when this server did not make it for this room.
    func verify(_ key: String, room: RoomName) -> ParticipantID? {
        guard let dot = key.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let id = ParticipantID(String(key[..<dot]))
        return isEqual(key, makeKey(room: room, id: id)) ? id : nil
    }

    /// Room names hold no slash, so no two pairs of room and id give the same bytes.
    private func tag(room: RoomName, id: ParticipantID) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data("linkup-resume/\(room.value)/\(id.value)".utf8), using: secret)
    }

    /// Compares in a time that depends on the lengths alone, so that a tag can't be guessed byte by byte.
    private func isEqual(_ one: String, _ other: String) -> Bool {
        let (left, right) = (one.utf8, other.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
