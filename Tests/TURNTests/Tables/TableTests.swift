import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// A generator that gives the same numbers again for the same seed (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite struct FlatTableTests {
    /// A key whose hash is bad on purpose: many have the same home, the last places among them.
    private struct Crowded: FlatTableKey {
        let number: UInt32
        static let filler = Crowded(number: 0)
        func hash(with secret: HashSecret) -> UInt64 { UInt64(number % 3) &- 2 }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func isADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = FlatTable<ChannelKey>()
        var model: [UInt32: UInt32] = [:]
        let keys = UInt32.random(in: 1...300, using: &random)
        for step in 0..<3000 {
            let number = UInt32.random(in: 0..<keys, using: &random)
            let key = ChannelKey(allocation: number % 7, number: UInt16(number))
            // It grows, shrinks, and grows again.
            if Int.random(in: 0..<10, using: &random) < (step / 500 % 2 == 0 ? 7 : 3) {
                table.insert(UInt32(step), for: key)
                model[number] = UInt32(step)
            } else {
                table.remove(key)
                model[number] = nil
            }
            #expect(table[key] == model[number])
            #expect(table.count == model.count)
        }
        for number in 0..<keys {
            #expect(table[ChannelKey(allocation: number % 7, number: UInt16(number))] == model[number])
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func isADictionaryWhenKeysCrowd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = FlatTable<Crowded>()
        var model: [UInt32: UInt32] = [:]
        for step in 0..<2000 {
            let number = UInt32.random(in: 0..<40, using: &random)
            if Bool.random(using: &random) {
                table.insert(UInt32(step), for: Crowded(number: number))
                model[number] = UInt32(step)
            } else {
                table.remove(Crowded(number: number))
                model[number] = nil
            }
            #expect((0..<40).allSatisfy { table[Crowded(number: $0)] == model[$0] })
        }
    }

    /// The filler is a key like any other.
    @Test func theFillerMayBeEntered() {
        var table = FlatTable<PermissionKey>()
        #expect(table[.filler] == nil)
        table.insert(0, for: .filler)
        #expect(table[.filler] == 0)
        table.remove(.filler)
        #expect(table[.filler] == nil)
        #expect(table.count == 0)
    }

    /// Families and hosts are told apart, though the words of 1.2.3.4 and ::1.2.3.4 are the same.
    @Test func keysDifferInEachPart() throws {
        let ipv4 = IPAddress(ipv4: 0x0102_0304)
        let ipv6 = IPAddress(ipv6High: 0, low: 0x0102_0304)
        var permissions = FlatTable<PermissionKey>()
        var peers = FlatTable<PeerKey>()
        var flows = FlatTable<FiveTuple>()
        var value: UInt32 = 0
        for host in [ipv4, ipv6] {
            for number: UInt16 in [0, 1] {
                permissions.insert(value, for: PermissionKey(allocation: UInt32(number), host: host))
                for port: UInt16 in [0, 1] {
                    let address = TransportAddress(ip: host, port: port)
                    peers.insert(value, for: PeerKey(allocation: UInt32(number), peer: address))
                    flows.insert(value, for: FiveTuple(client: address, listener: ListenerID(index: number)))
                    value += 1
                }
            }
        }
        #expect((permissions.count, peers.count, flows.count) == (4, 8, 8))
    }
}

@Suite struct SlotsTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func numbersAreUsedAgainAndNeverTwice(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var slots = Slots<Int>()
        var model: [UInt32: Int] = [:]
        var most = 0
        for step in 0..<2000 {
            if Bool.random(using: &random) || model.isEmpty {
                let index = slots.insert(step)
                #expect(model[index] == nil)
                model[index] = step
            } else if let index = model.keys.sorted().randomElement(using: &random) {
                slots.remove(index, leaving: -1)
                model[index] = nil
                #expect(slots[index] == -1)
            }
            most = max(most, model.count)
            #expect(slots.count == model.count)
            #expect(slots.capacity == most)
        }
        for (index, value) in model { #expect(slots[index] == value) }
    }
}

@Suite struct PortOrderTests {
    private static func all(_ range: ClosedRange<UInt16>, onlyEven: Bool = false, leavesRoom: Bool = false) -> [UInt16]
    {
        var order = PortOrder(range, onlyEven: onlyEven, leavesRoom: leavesRoom)
        var ports: [UInt16] = []
        while let port = order.next() { ports.append(port) }
        return ports
    }

    private static let ranges: [ClosedRange<UInt16>] = [
        1...1, 2...2, 1...2, 2...3, 1...3, 2...4, 65_535...65_535, 65_534...65_535, 65_533...65_535, 65_534...65_534,
        49_152...49_651, 0...10, 100...112,
    ]

    @Test(arguments: ranges, [(false, false), (true, false), (true, true)])
    func givesEachPortOnce(range: ClosedRange<UInt16>, kind: (onlyEven: Bool, leavesRoom: Bool)) {
        let expected = range.filter { port in
            (!kind.onlyEven || port.isMultiple(of: 2)) && (!kind.leavesRoom || port < range.upperBound)
        }
        for _ in 0..<10 {
            let ports = Self.all(range, onlyEven: kind.onlyEven, leavesRoom: kind.leavesRoom)
            #expect(ports.sorted() == expected)
        }
    }

    @Test func triesALimitedNumberOfALargeRange() {
        let ports = Self.all(1...65_535)
        #expect(ports.count == 512)
        #expect(Set(ports).count == 512)
    }

    /// Nobody can foresee the next port from the last: the orders of 50 requests hardly ever begin the same.
    @Test func beginsAnywhere() {
        let first = (0..<50).map { _ in Self.all(49_152...65_535)[0] }
        #expect(Set(first).count > 40)
    }
}

@Suite struct ByteBudgetTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func neverGivesMoreThanTheRateAndOneSecond(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Int.random(in: 1000...100_000, using: &random)
        var budget = ByteBudget()
        var time: UInt64 = 1_000_000_000_000
        let start = time
        var spent = 0
        var refused = 0
        for _ in 0..<2000 {
            time += UInt64.random(in: 0...20_000_000, using: &random)
            let count = Int.random(in: 0...1500, using: &random)
            if budget.spend(count, rate: rate, at: time) { spent += count } else { refused += 1 }
            let elapsed = Double(time - start) / 1_000_000_000
            #expect(Double(spent) <= Double(rate) * (elapsed + 1) + 1)
        }
        // And not much less, if there was demand for it.
        if refused > 500 {
            let elapsed = Double(time - start) / 1_000_000_000
            #expect(Double(spent) >= Double(rate) * elapsed - 1500)
        }
    }

    @Test func nothingIsFreeOfCharge() {
        var budget = ByteBudget()
        let tries: [(Int, UInt64, Bool)] = [
            (100, 5, true), (0, 5, true), (1, 5, false), (101, 50, false), (100, 50, true),
        ]
        for (count, second, isGranted) in tries {
            let granted = budget.spend(count, rate: 100, at: second * 1_000_000_000)
            #expect(granted == isGranted, "\(count) at \(second)")
        }
    }
}

@Suite struct IndicationIDTests {
    @Test func neverRepeat() {
        var ids = IndicationIDs()
        var other = IndicationIDs()
        let made = (0..<10_000).map { _ in ids.next() }
        #expect(Set(made).count == made.count)
        #expect(ids.next() != other.next())
    }
}
