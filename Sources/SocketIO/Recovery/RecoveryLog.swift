/// The last events of a namespace, in the order in which every client gets them.
///
/// A position counts all events that were ever entered; an offset is what a client knows an event by.
struct RecoveryLog<Packet: Sendable>: Sendable {
    /// Whom an event is for.
    enum Destination: Sendable {
        case socket(id: String)
        case selection(BroadcastSelection)

        /// Whether a client with this id in these rooms is meant; every client is in the room of its own id.
        func includes(_ id: String, in rooms: RoomNames) -> Bool {
            func isIn(_ room: String) -> Bool { room.isExactly(id) || rooms.contains(room) }
            switch self {
            case .socket(let receiver): return receiver.isExactly(id)
            case .selection(let selection):
                return (selection.rooms.isEmpty || selection.rooms.contains(where: isIn))
                    && !selection.except.contains(where: isIn)
            }
        }
    }

    private struct Entry {
        let offset: UInt64
        let destination: Destination
        let packet: Packet
        let byteCount: Int
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    /// The first ``dropped`` entries are gone, and their places are freed from time to time.
    private var entries: [Entry?] = []
    private var dropped = 0
    /// The position of the first of ``entries``.
    private var base: UInt64 = 0

    /// How many bytes the events have.
    private(set) var byteCount = 0

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// How many events there are.
    var count: Int { entries.count - dropped }

    /// The position that the next event will have.
    var end: UInt64 { base + UInt64(entries.count) }

    /// Enters an event; the oldest go when there are too many, or too many bytes.
    mutating func append(_ packet: Packet, offset: UInt64, to destination: Destination, byteCount: Int) {
        entries.append(Entry(offset: offset, destination: destination, packet: packet, byteCount: byteCount))
        self.byteCount += byteCount
        while count > maximumCount || self.byteCount > maximumBytes { dropOldest() }
        // Freeing half of the places at a time makes it cheap on average.
        if dropped > 32, dropped * 2 > entries.count {
            entries.removeFirst(dropped)
            base += UInt64(dropped)
            dropped = 0
        }
    }

    private mutating func dropOldest() {
        byteCount -= entries[dropped]?.byteCount ?? 0
        entries[dropped] = nil
        dropped += 1
    }

    /// The position behind an event; `nil` when it is not there any more, or never was.
    func position(after offset: UInt64) -> UInt64? {
        entries.lastIndex { $0?.offset == offset }.map { base + UInt64($0) + 1 }
    }

    /// Whether all events from a position on are there.
    func reaches(back position: UInt64) -> Bool {
        position >= base + UInt64(dropped) && position <= end
    }

    /// The events from a position on that a client was to get.
    /// - Returns: `nil` when some of them may be gone.
    func missed(from position: UInt64, by id: String, in rooms: RoomNames) -> [(packet: Packet, offset: UInt64)]? {
        guard reaches(back: position) else { return nil }
        return entries[Int(position - base)...].compactMap { entry in
            guard let entry, entry.destination.includes(id, in: rooms) else { return nil }
            return (entry.packet, entry.offset)
        }
    }

    /// The first of the events from a position on that a client was to get, as many as have so many bytes; one at least.
    /// - Returns: None at the end of the log, and where the others begin; `nil` when some of them may be gone.
    func missed(
        from position: UInt64,
        by id: String,
        in rooms: RoomNames,
        byteCount limit: Int
    ) -> (packets: [Packet], next: UInt64)? {
        guard reaches(back: position) else { return nil }
        var packets: [Packet] = []
        var bytes = 0
        var index = Int(position - base)
        while index < entries.count, bytes < limit {
            defer { index += 1 }
            guard let entry = entries[index], entry.destination.includes(id, in: rooms) else { continue }
            packets.append(entry.packet)
            bytes += entry.byteCount
        }
        return (packets, base + UInt64(index))
    }
}
