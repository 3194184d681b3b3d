/// Values by small numbers that are used again.
struct Slots<Value> {
    private var values: ContiguousArray<Value> = []
    private var free: ContiguousArray<UInt32> = []

    /// Enters a value.
    /// - Returns: Its number, below `UInt32.max`.
    mutating func insert(_ value: Value) -> UInt32 {
        if let index = free.popLast() {
            values[Int(index)] = value
            return index
        }
        values.append(value)
        return UInt32(truncatingIfNeeded: values.count - 1)
    }

    /// Gives a number free.
    /// - Parameters:
    ///   - index: The number.
    ///   - filler: What stands in the value's place, so that nothing of it is kept.
    mutating func remove(_ index: UInt32, leaving filler: Value) {
        values[Int(index)] = filler
        free.append(index)
    }

    /// How many numbers are given out.
    var count: Int { values.count - free.count }

    /// How many numbers have been given out at the same time, at the most.
    var capacity: Int { values.count }

    /// The value of a number that was given out.
    subscript(index: UInt32) -> Value {
        _read { yield values[Int(index)] }
        _modify { yield &values[Int(index)] }
    }
}
