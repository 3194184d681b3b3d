import CLinuxUDP
import Locking
import Logging
import NIOCore
import STUN
import TURN

/// A thread that owns a relay engine, its sockets and its clients.
///
/// It is started once, and what it owns is closed when ``stop()`` returns.
final class RelayThread: Sendable {
    /// What a thread works with; it owns sockets and poller.
    struct Assignment {
        let configuration: RelayConfiguration
        let sockets: [UDPListener]
        /// All threads of the server, each at its index.
        let threads: [RelayThread]
        let connector: (any PeerConnector)?
        let poller: OpaquePointer
        let isPortable: Bool
        let logger: Logger
    }

    private enum Phase {
        case idle
        case running
        case ended
    }

    private struct State {
        var waker: udp_waker
        var phase = Phase.idle
        var messages: [Message] = []
        /// What the messages take that came from other threads' sockets, in bytes.
        var forwardedSize = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How many bytes forwarded messages may take; clients who send more lose some, as in any full buffer.
    ///
    /// 4 MiB: what a listener's socket holds.
    private static let maximumForwardedSize = 4 << 20
    /// What a message takes besides its bytes, roughly.
    private static let messageOverhead = 256

    /// Which of the server's threads this is, and the index of its engine.
    let index: UInt8
    /// What the thread has done.
    let counters = RelayCounters.allocate()

    private let isPortable: Bool
    /// What to watch for messages.
    let wakerDescriptor: CInt
    private let state: Mutex<State>

    /// Makes a thread that does not run yet; what is posted waits for it.
    /// - Parameters:
    ///   - index: Which of the server's threads it is.
    ///   - isPortable: Whether to do without what only Linux has.
    /// - Throws: ``SystemFailure`` if there are no descriptors left.
    init(index: UInt8, isPortable: Bool = false) throws(SystemFailure) {
        var waker = udp_waker()
        try SystemFailure.check(udp_waker_open(&waker, isPortable))
        self.index = index
        self.isPortable = isPortable
        wakerDescriptor = waker.read_end
        state = Mutex(State(waker: waker))
    }

    deinit {
        counters.deallocate()
        state.withLock { state in
            if state.phase != .ended {
                udp_waker_close(&state.waker)
            }
        }
    }

    /// Begins to serve.
    /// - Parameters:
    ///   - configuration: The engine's.
    ///   - sockets: Where clients send datagrams; the thread closes them, also if this fails.
    ///   - threads: All threads of the server, each at its index.
    ///   - connector: Carries connections with peers; without, there are no TCP relays.
    ///   - logger: Where it is said what goes wrong.
    /// - Throws: ``SystemFailure`` if there are no descriptors or threads left.
    func start(
        configuration: RelayConfiguration,
        sockets: [UDPListener],
        threads: [RelayThread],
        connector: (any PeerConnector)?,
        logger: Logger
    ) throws(SystemFailure) {
        guard let poller = udp_poller_create(isPortable) else {
            closeAll(sockets)
            throw .current
        }
        let start = Start(
            thread: self,
            assignment: Assignment(
                configuration: configuration,
                sockets: sockets,
                threads: threads,
                connector: connector,
                poller: poller,
                isPortable: isPortable,
                logger: logger
            )
        )
        state.withLock { $0.phase = .running }
        let result = udp_thread_start(
            { Unmanaged<Start>.fromOpaque($0).takeRetainedValue().run() },
            Unmanaged.passRetained(start).toOpaque()
        )
        guard result < 0 else { return }
        Unmanaged.passUnretained(start).release()
        closeAll(sockets)
        udp_poller_destroy(poller)
        end()
        throw SystemFailure(errno: -result)
    }

    /// Tells the thread something; returns at once.
    func post(_ message: Message) {
        state.withLock { state in
            guard state.phase != .ended else { return }
            if case .forwarded(let message) = message {
                guard state.forwardedSize < Self.maximumForwardedSize else { return }
                state.forwardedSize += message.bytes.capacity + Self.messageOverhead
            }
            if state.messages.isEmpty {
                udp_waker_wake(&state.waker)
            }
            state.messages.append(message)
        }
    }

    /// What was posted since the last time; the thread only.
    func takeMessages() -> [Message] {
        state.withLock { state in
            udp_waker_clear(&state.waker)
            state.forwardedSize = 0
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// Ends the thread; returns when it has ended and all its sockets are closed.
    func stop() async {
        post(.stop)
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                guard state.phase == .running else { return false }
                state.waiters.append(continuation)
                return true
            }
            if !isRunning {
                continuation.resume()
            }
        }
    }

    private func closeAll(_ sockets: [UDPListener]) {
        for socket in sockets {
            socket.close()
        }
    }

    /// The thread is about to end.
    fileprivate func end() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.phase = .ended
            state.messages = []
            udp_waker_close(&state.waker)
            return state.waiters
        }
        for waiter in waiters {
            waiter.resume()
        }
    }
}

/// What is handed to a new thread.
private final class Start {
    private let thread: RelayThread
    private let assignment: RelayThread.Assignment

    init(thread: RelayThread, assignment: RelayThread.Assignment) {
        self.thread = thread
        self.assignment = assignment
    }

    func run() {
        runLoop()
        thread.end()
    }

    /// A function of its own, so that the loop's sockets are closed before the thread says that it has ended.
    private func runLoop() {
        var loop = RelayLoop(assignment, of: thread)
        loop.run()
    }
}
