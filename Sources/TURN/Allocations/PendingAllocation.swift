import STUN

/// An Allocate request whose sockets are being opened.
struct PendingAllocation {
    /// The port behind an even one is opened too, and kept for whoever has a token.
    enum Step {
        case relay
        case reservation
    }

    let context: RequestContext
    let account: QuotaAccount
    /// How many allocations are counted for it: two if a port is to be kept.
    let places: Int
    let lifetime: UInt32
    let transport: RelayEngine.RelayTransport
    let evenPort: EvenPort?
    let wantsTicket: Bool
    /// The families whose turn has not come; the first is the one that is being opened.
    var families: [AddressFamily]
    var step = Step.relay
    /// The socket that is being opened.
    var opening: RelayID?
    var opened: [RelayID] = []
    var addressError: AddressErrorCode?
    var reservation: ReservationToken?
    var ports: PortOrder
}

/// The ports of a range in an order that nobody can foresee, each once.
struct PortOrder {
    /// How many ports are tried before there is said to be none: in a range that is nearly full the system is not asked
    /// thousands of times for one request.
    private static let maximumAttempts = 512

    private let range: ClosedRange<UInt16>
    private let step: Int
    private let count: Int
    private let stride: Int
    private var place: Int
    private var remaining: Int

    /// Makes an order.
    /// - Parameters:
    ///   - range: The ports.
    ///   - onlyEven: Whether odd ports are left out.
    ///   - leavesRoom: Whether the port behind each must be in the range as well.
    init(_ range: ClosedRange<UInt16>, onlyEven: Bool, leavesRoom: Bool) {
        let first = onlyEven ? (Int(range.lowerBound) + 1) & ~1 : Int(range.lowerBound)
        let last = Int(range.upperBound) - (leavesRoom ? 1 : 0)
        step = onlyEven ? 2 : 1
        count = max((last - first) / step + 1, 0)
        self.range = UInt16(clamping: first)...max(range.upperBound, UInt16(clamping: first))
        guard count > 0, last >= first else {
            (stride, place, remaining) = (1, 0, 0)
            return
        }
        var stride = Int.random(in: 1...count)
        while Self.greatestCommonDivisor(stride, count) != 1 { stride = Int.random(in: 1...count) }
        self.stride = stride
        place = Int.random(in: 0..<count)
        remaining = min(count, Self.maximumAttempts)
    }

    /// The next port to try; `nil` if enough were tried.
    mutating func next() -> UInt16? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        place = (place + stride) % count
        return range.lowerBound + UInt16(place * step)
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}

/// A port that is kept for an allocation to come (RFC 8656 §7.2).
struct Reservation {
    let relay: RelayID
    /// Whose reservation it is; nobody else's token is good.
    let username: String
    /// For whom it counts.
    let account: QuotaAccount
}
