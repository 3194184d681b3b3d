#if THREAD_SANITIZER

import Glibc

/// The standard library's `Mutex`, on a lock of pthreads.
///
/// The standard library's waits on a futex, of which the thread sanitizer knows nothing: it reports every value behind
/// such a lock as a race. The functions of pthreads it knows.
package struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Each at an address that stays when this value moves.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Makes an open lock.
    package init(_ initialValue: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        value = .allocate(capacity: 1)
        value.initialize(to: initialValue)
        precondition(pthread_mutex_init(mutex, nil) == 0)
    }

    deinit {
        precondition(pthread_mutex_destroy(mutex) == 0)
        value.deinitialize(count: 1)
        value.deallocate()
        mutex.deallocate()
    }

    /// Calls `body` with the value while no other thread has it.
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        precondition(pthread_mutex_lock(mutex) == 0)
        defer { precondition(pthread_mutex_unlock(mutex) == 0) }
        return try body(&value.pointee)
    }
}

#else

// The type itself, and with it what it has: every call is inlined where it stands.
@_exported public import struct Synchronization.Mutex

#endif
