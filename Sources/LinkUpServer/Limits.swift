import EngineIO

/// The limits on what one client may send; `docs/signalling.md` lists the same figures for authors of clients.
///
/// A character is a Unicode scalar: graphemes have no upper size, and UTF-16 units would count an emoji twice.
enum Limits {
    /// Characters of a room name: fits a URL that people read to each other.
    static let roomName = 64
    /// Characters of a display name: one line of a tile.
    static let displayName = 64
    /// Characters of a message: two printed pages; longer text is better sent as a file.
    static let messageText = 4000
    /// Characters of a key against doubled messages: a UUID fits, and so does a longer scheme.
    static let messageKey = 64
    /// Messages of one page of history, and the most that `history` may ask for.
    static let historyPage = 100
    /// Bytes of a session description: five times what a call of 16 with every codec of Chromium needs.
    static let sessionDescription = 100_000
    /// Bytes of a candidate's JSON: real ones have about 300.
    static let candidate = 4096
    /// Bytes of a participant id in `to`; the server's own ids are shorter.
    static let participantID = 64
    /// Bytes of a resume key; the server's own are shorter.
    static let resumeKey = 256
    /// Participants in a call: a mesh of more asks too much of the participants' uplinks.
    static let participants = 16
    /// How long the place of a participant whose signalling connection was lost is kept: a change of network and a
    /// restart of the server fit in.
    static let grace = Duration.seconds(30)

    /// `say`: faster than anybody types, and a client may catch up after an outage.
    static let say = Rate(perSecond: 10, burst: 20)
    /// `typing`: a person begins and ceases to type a few times a second at most.
    static let typing = Rate(perSecond: 5, burst: 10)
    /// `signal`: a join of a full call sends several hundred candidates at once.
    static let signal = Rate(perSecond: 100, burst: 500)
    /// `join`, `history` and `status` together: each costs the server or the peers more than the others.
    static let control = Rate(perSecond: 5, burst: 20)
}
