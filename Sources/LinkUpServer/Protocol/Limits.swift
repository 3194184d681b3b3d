import EngineIO

/// The limits on what one client may send; `docs/protocol.md` lists the same figures for authors of clients.
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
    /// Characters of a stay's name: a random number in any usual form.
    static let stay = 32
    /// Bytes of the payload of a signal: a session description of a call of 16 with every codec of Chromium has 20,000,
    /// and its JSON a little more.
    static let signalPayload = 200_000
    /// Bytes of the id of a member; the server's own are shorter.
    static let memberID = 64
    /// Bytes of a member's key; the server's own are shorter.
    static let roomKey = 256
    /// Participants in a call: a mesh of more asks too much of the participants' uplinks.
    static let participants = 16
    /// How long the place of a participant whose signalling connection was lost is kept: a change of network and a
    /// restart of the server fit in.
    static let grace = Duration.seconds(30)
    /// How long the place of a member is kept whose page says that it is being closed: it may be loaded again.
    static let reload = Duration.seconds(3)
    /// How long somebody must have been in a room for the place to be kept: nobody else misses who was there for a
    /// blink, and places that cost a moment each would lock others out.
    static let settling = Duration.seconds(3)
    /// Participants of one network in all calls: a class of 40 fits in, its teachers and their second screens too, and
    /// one network can't fill more than four calls.
    static let participantsOfNetwork = 64
    /// Connections of one member: the tabs of one person, and those that have not ended yet.
    static let connectionsOfMember = 8
    /// People who wait to be let in: a class, and some.
    static let waiting = 50
    /// People of one network who wait: nobody can keep others from being seen.
    static let waitingOfNetwork = 10
    /// What a room remembers of those who have left: roles, ends of stays, who was let in, who was put out.
    static let remembered = 1000
    /// How often the members of a large room are told how many there are.
    static let countInterval = Duration.seconds(1)
    /// Members that the others are told of by name: two screens; the rest is a number, but for those in the call.
    static let listedPeople = 200

    // MARK: Bytes

    /// Bytes of JSON of one page of history: ten times what 100 messages of everyday length have.
    ///
    /// Fewer messages come where they are longer, and at least one.
    static let historyBytes = 256 * 1024
    /// Bytes that may wait for a client while it is still given pages of history and signals, which can be had later.
    ///
    /// What waits is then at most this, the pages of ``readsAtOnce``, and what was said: some 1.3 MB.
    static let waitingBytes = 256 * 1024

    // MARK: Work in flight

    /// `join` and `history` of one client that read at the same time: the page needs one.
    static let readsAtOnce = 2
    /// Reads of one network: when the server was lost, each of a class of 40 comes back with one.
    static let readsOfNetwork = 64
    /// Reads of all clients: a tenth of a second's work, so that nobody waits for longer.
    static let reads = 256
    /// `say` of one client that wait for the disk: more than ``say`` lets through at once.
    static let writesAtOnce = 32
}

/// How often: by one connection, and by all connections of one network.
///
/// The rates of a network are such that a class of 40 behind one address does not meet them, not even when the server
/// was lost and all come back in one instant.
struct ClientRate: Equatable, Sendable {
    /// What one connection may do.
    var client: Rate
    /// What all connections of one network may do together; `nil` where only each by itself is limited.
    var network: Rate?
}

extension Limits {
    /// Joins of a namespace: two for each connection; 80 when 40 come back, five times over.
    static let enter = ClientRate(client: Rate(perSecond: 1, burst: 10), network: Rate(perSecond: 50, burst: 400))
    /// `join`, `history` and `status` together: each costs the server or the peers more than the others.
    ///
    /// 40 who come back join twice, say their status and fetch up to ten pages each: 520.
    static let control = ClientRate(client: Rate(perSecond: 5, burst: 20), network: Rate(perSecond: 100, burst: 1000))
    /// `leave`: as often as ``control`` lets a client join.
    static let leave = ClientRate(client: Rate(perSecond: 5, burst: 20), network: Rate(perSecond: 100, burst: 1000))
    /// `say`: faster than anybody types, and a client may catch up after an outage: 40 with 20 messages each are 800.
    static let say = ClientRate(client: Rate(perSecond: 10, burst: 20), network: Rate(perSecond: 100, burst: 800))
    /// `typing`: a person begins and ceases to type a few times a second at most; 40 do 200.
    static let typing = ClientRate(client: Rate(perSecond: 5, burst: 10), network: Rate(perSecond: 200, burst: 400))
    /// `react`: who claps does so a few times; 40 behind one address do together, and then once a second each.
    static let react = ClientRate(client: Rate(perSecond: 2, burst: 10), network: Rate(perSecond: 40, burst: 400))
    /// `signal`: a join of a full call sends several hundred candidates at once.
    ///
    /// 40 people in calls of 16 have 600 ends of connections, with some 20 signals each: 12,000.
    static let signal = ClientRate(
        client: Rate(perSecond: 100, burst: 500),
        network: Rate(perSecond: 2000, burst: 20_000)
    )
    /// `join` of a call, each of which is given credentials for the relay: 40 come back, ten times over.
    static let credentials = ClientRate(client: Rate(perSecond: 1, burst: 10), network: Rate(perSecond: 5, burst: 400))

    /// Bytes of what one connection says: 20 of the longest messages, and then two a second.
    ///
    /// So a receiver with a quarter of a megabit keeps up with anybody.
    static let sayBytes = ClientRate(client: Rate(perSecond: 32_000, burst: 320_000))
    /// Bytes that are said in one room: 40 people with 20 everyday messages each after an outage (400 bytes with their
    /// names: 320 kB), and then, with what is told of members, a megabit, so that who has that keeps up with everybody.
    static let roomBytes = Rate(perSecond: 96_000, burst: 512_000)
    /// Bytes of what the members of a room are told of each other, beside what is said: 1,000 changes at once, and a
    /// hundred a second.
    static let announcementBytes = Rate(perSecond: 30_000, burst: 300_000)
    /// What a change of a member counts for.
    static let announcement = 300
    /// What a notice that somebody types counts for.
    static let typingNotice = 100
    /// What a reaction counts for.
    static let reactionNotice = 100
    /// `react` in one room, whoever they come from: a hall of 200 claps at once; beyond, nobody can tell one more.
    ///
    /// A sixth of ``announcementBytes``: applause leaves room for what has to be known of members.
    static let roomReactions = Rate(perSecond: 50, burst: 200)
    /// Bytes of the signals of one connection: descriptions of 20 kB and candidates for 15 peers (400 kB), five times.
    static let signalBytes = ClientRate(client: Rate(perSecond: 200_000, burst: 2_000_000))
    /// Bytes of the signals from one participant to another: eight descriptions of 20 kB with their candidates, or two
    /// of the largest.
    static let pairBytes = Rate(perSecond: 20_000, burst: 200_000)
}
