import Glibc
import Listening
import Testing

/// The descriptors of a process, for tests that have one to themselves: the limit holds for all of it.
enum Descriptors {
    /// How many are open.
    static var count: Int { open.count }

    /// Those that are open, and what they stand for.
    ///
    /// Files of `/proc` are left out: libdispatch looks at its threads there now and then.
    private static var open: [CInt: String] {
        var open: [CInt: String] = [:]
        for descriptor in CInt(0)..<4096 where fcntl(descriptor, F_GETFD) >= 0 {
            var name = [UInt8](repeating: 0, count: 64)
            let length = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
            let text = String(decoding: name.prefix(max(length, 0)), as: UTF8.self)
            if !text.hasPrefix("/proc/") { open[descriptor] = text }
        }
        return open
    }

    /// Sets the limit so that so many may be opened before the reserve begins.
    static func spare(_ count: Int) {
        // Systems give out the lowest number that is free; what is open may leave gaps.
        let open = open
        let edge = (CInt(0)..<4096).filter { open[$0] == nil }[count]
        let reserves = (Int(edge)..<4096).map { DescriptorReserve(limit: $0) }
        guard let reserve = reserves.first(where: { $0.admits(edge - 1) }), !reserve.admits(edge) else {
            preconditionFailure("no limit leaves \(count)")
        }
        let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        precondition(getrlimit(descriptors, &limit) == 0)
        limit.rlim_cur = rlim_t(reserve.limit)
        precondition(setrlimit(descriptors, &limit) == 0, "cannot set the limit to \(reserve.limit)")
    }

    /// Sets the limit as high as the system lets it be.
    static func lift() {
        DescriptorReserve.raiseLimit()
    }

    /// Waits until libdispatch has what it opens when it is first used, by a thread of its own.
    static func warmUp() async throws {
        try await Task.sleep(for: .milliseconds(50))
    }

    /// Ends the process if something is not so, which may be asked with `try` and `await`.
    static func require(_ isSo: Bool, line: UInt = #line) {
        precondition(isSo, "not so", line: line)
    }

    /// Waits until so many are open: what is closed on a loop of SwiftNIO is a moment later.
    static func settle(at expected: Int, _ what: String) async throws {
        try await wait(for: "\(expected) descriptors, \(what)") { count == expected }
    }

    /// Waits, for 20 seconds at most.
    static func wait(for what: String, until isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await !isSo() {
            guard ContinuousClock.now < end else {
                Issue.record("still waiting for \(what): \(open)")
                throw CancellationError()
            }
            // A timer of libdispatch might be the first of its kind, and take a descriptor.
            usleep(2000)
            await Task.yield()
        }
    }
}
