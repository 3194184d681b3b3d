import STUN

/// A key of a ``FlatTable``: a plain value that mixes itself with a secret.
protocol FlatTableKey: Equatable {
    /// A key that stands in empty places; what it says does not matter.
    static var filler: Self { get }

    /// Spreads the key over 64 bits.
    ///
    /// Clients choose parts of the keys, so the bits must not be predictable without the secret.
    func hash(with secret: HashSecret) -> UInt64
}

/// What makes hashes unpredictable; drawn once for each table.
struct HashSecret {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64

    init(using generator: inout some RandomNumberGenerator) {
        first = generator.next()
        second = generator.next()
        third = generator.next()
    }

    /// Mixes three words by two multiplications of 64 by 64 bits, folded.
    func mix(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        Self.fold(Self.fold(a ^ first, b ^ second) ^ c, third)
    }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

/// A hash table of plain values in one piece of memory.
///
/// `Dictionary` would do; this one takes a tenth of the time, which counts where it is asked for each datagram. Open addressing with linear probing; a removal moves what follows back, so that no marks of removed
/// entries pile up.
struct FlatTable<Key: FlatTableKey> {
    private struct Entry {
        var key: Key
        /// ``FlatTable/vacant`` in an empty place.
        var value: UInt32
    }

    private static var vacant: UInt32 { .max }

    private var entries: ContiguousArray<Entry>
    private let secret: HashSecret
    private(set) var count = 0

    init() {
        var generator = SystemRandomNumberGenerator()
        secret = HashSecret(using: &generator)
        entries = Self.makeEntries(8)
    }

    /// The value of a key.
    subscript(key: Key) -> UInt32? {
        let place = place(of: key)
        let value = entries[place].value
        return value == Self.vacant ? nil : value
    }

    /// Enters a value, below `UInt32.max`, in place of the one that the key may have.
    mutating func insert(_ value: UInt32, for key: Key) {
        if (count + 1) * 4 > entries.count * 3 { grow() }
        let place = place(of: key)
        if entries[place].value == Self.vacant { count += 1 }
        entries[place] = Entry(key: key, value: value)
    }

    /// Strikes a key out, if it is there.
    mutating func remove(_ key: Key) {
        var hole = place(of: key)
        guard entries[hole].value != Self.vacant else { return }
        count -= 1
        let mask = entries.count - 1
        var place = hole
        while true {
            place = (place + 1) & mask
            guard entries[place].value != Self.vacant else { break }
            let home = home(of: entries[place].key)
            // What has its home behind the hole, up to its own place, is found where it is.
            if (place - home) & mask >= (place - hole) & mask {
                entries[hole] = entries[place]
                hole = place
            }
        }
        entries[hole].value = Self.vacant
    }

    private func home(of key: Key) -> Int {
        Int(truncatingIfNeeded: key.hash(with: secret)) & (entries.count - 1)
    }

    /// Where the key stands, or the empty place where it would.
    private func place(of key: Key) -> Int {
        let mask = entries.count - 1
        var place = home(of: key)
        while entries[place].value != Self.vacant, entries[place].key != key {
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow() {
        let old = entries
        entries = Self.makeEntries(old.count * 2)
        for entry in old where entry.value != Self.vacant {
            entries[place(of: entry.key)] = entry
        }
    }

    private static func makeEntries(_ count: Int) -> ContiguousArray<Entry> {
        ContiguousArray(repeating: Entry(key: .filler, value: vacant), count: count)
    }
}
