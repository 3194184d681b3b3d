/// How much of what was said is kept, and for how long; what is older than that is deleted by ``HistorySweep``.
public struct HistoryLimits: Sendable, Equatable {
    /// The most messages of a room; 100,000, a lively year of ten people, and `nil` for no limit.
    public var messagesPerRoom: Int?
    /// The most bytes of a room; 64 MiB, which is 100,000 messages of 600 bytes, and `nil` for no limit.
    public var bytesPerRoom: Int?
    /// How long a message is kept, in days; 365, and `nil` for no limit.
    public var days: Int?
    /// The most bytes of the whole history; 10 GiB, and `nil` for no limit but the disk.
    ///
    /// Beyond it the oldest messages of the biggest room make room for new ones.
    public var databaseBytes: Int?
    /// How many bytes of the disk are left to others; 1 GiB, but never more than a twentieth of the disk.
    ///
    /// A history that fills the disk would stop whatever else of the machine needs it.
    public var reservedBytes: Int

    /// Makes limits.
    public init(
        messagesPerRoom: Int? = 100_000,
        bytesPerRoom: Int? = 64 << 20,
        days: Int? = 365,
        databaseBytes: Int? = 10 << 30,
        reservedBytes: Int = 1 << 30
    ) {
        self.messagesPerRoom = messagesPerRoom
        self.bytesPerRoom = bytesPerRoom
        self.days = days
        self.databaseBytes = databaseBytes
        self.reservedBytes = reservedBytes
    }

    /// Whether a disk has less room than is left to others.
    func isFull(free: Int, of all: Int) -> Bool {
        free < min(reservedBytes, all / 20)
    }
}
