import struct Synchronization.Atomic

/// The bytes that wait for the clients of a server, over all its loops.
///
/// Each loop adds to it when its own sum has changed by much, so that the loops rarely meet.
final class BufferedTotal: Sendable {
    /// By how much a loop's sum may differ from what the others know of it.
    static let step = 65_536

    private let bytes = Atomic(0)

    var current: Int { bytes.load(ordering: .relaxed) }

    func change(by difference: Int) {
        bytes.wrappingAdd(difference, ordering: .relaxed)
    }
}
