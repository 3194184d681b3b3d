import CLinuxUDP

/// The sockets of a relay thread, and the datagrams that wait for them until a batch is done.
///
/// Datagrams are not copied: their bytes must stay until ``flush()``. Those of one socket leave in the order in which
/// they came, in as few system calls as the system allows.
struct SendQueue: ~Copyable {
    private let io: UnsafeMutablePointer<udp_io>
    private let packets: UnsafeMutablePointer<udp_packet>
    private let counters: RelayCounters

    private var sockets: UnsafeMutablePointer<udp_socket>
    private var capacity = 64
    /// The sockets that something waits for, in the order of their first datagram.
    private let waiting: UnsafeMutablePointer<Int32>
    private var waitingCount = 0
    private var packetCount = 0
    private var scratchLength = 0

    private static let none = udp_socket(descriptor: -1, first: -1, last: -1, family: 0, dont_fragment: false)
    private static let limit = Int(UDP_PACKETS)

    /// Makes a queue without sockets.
    /// - Parameters:
    ///   - io: The memory of the thread, which outlives the queue.
    ///   - counters: Where losses are counted.
    init(io: UnsafeMutablePointer<udp_io>, counters: RelayCounters) {
        self.io = io
        self.counters = counters
        packets = io.pointee.packets
        sockets = .allocate(capacity: capacity)
        sockets.initialize(repeating: Self.none, count: capacity)
        waiting = .allocate(capacity: Self.limit)
        waiting.initialize(repeating: 0, count: Self.limit)
    }

    deinit {
        for number in 0..<capacity where sockets[number].descriptor >= 0 {
            udp_close(sockets[number].descriptor)
        }
        sockets.deallocate()
        waiting.deallocate()
    }

    /// Takes a socket over under a number that is free.
    mutating func open(_ number: Int, descriptor: CInt, family: UInt8) {
        if number >= capacity {
            grow(to: max(number + 1, 2 * capacity))
        }
        sockets[number].descriptor = descriptor
        sockets[number].family = family
        sockets[number].dont_fragment = false
    }

    /// Closes a socket, after what waits for it was sent.
    mutating func close(_ number: Int) {
        flush()
        udp_close(sockets[number].descriptor)
        sockets[number] = Self.none
    }

    /// The descriptor of a socket; -1 if it is not open.
    @inline(__always)
    func descriptor(_ number: Int) -> CInt {
        number < capacity ? sockets[number].descriptor : -1
    }

    /// Queues a datagram.
    /// - Parameters:
    ///   - number: The socket.
    ///   - bytes: The first byte; all must stay where they are until ``flush()``.
    ///   - length: How many there are.
    ///   - to: Where to.
    ///   - from: The own address to send from; none for the socket's own.
    ///   - dontFragment: Whether the datagram must not be fragmented.
    @inline(__always)
    mutating func append(
        _ number: Int,
        bytes: UnsafePointer<UInt8>,
        length: Int,
        to: udp_address,
        from: udp_address,
        dontFragment: Bool = false
    ) {
        guard number < capacity, sockets[number].descriptor >= 0 else {
            counters.count(.undelivered)
            return
        }
        if packetCount == Self.limit {
            flush()
        }
        let index = Int32(truncatingIfNeeded: packetCount)
        packets[packetCount] = udp_packet(
            bytes: bytes,
            length: UInt32(truncatingIfNeeded: length),
            next: -1,
            to: to,
            from: from,
            dont_fragment: dontFragment
        )
        packetCount += 1
        let last = sockets[number].last
        if last < 0 {
            sockets[number].first = index
            waiting[waitingCount] = Int32(truncatingIfNeeded: number)
            waitingCount += 1
        } else {
            packets[Int(last)].next = index
        }
        sockets[number].last = index
    }

    /// Queues a copy of a datagram; the parameters are those of ``append(_:bytes:length:to:from:dontFragment:)``.
    mutating func append(_ number: Int, copying bytes: UnsafeRawBufferPointer, to: udp_address, from: udp_address) {
        guard let start = bytes.baseAddress, bytes.count <= Int(UDP_SCRATCH) else {
            counters.count(.undelivered)
            return
        }
        let copy = reserve(bytes.count)
        UnsafeMutableRawPointer(copy).copyMemory(from: start, byteCount: bytes.count)
        append(number, bytes: copy, length: bytes.count, to: to, from: from)
    }

    /// Makes room for something that is to be queued next.
    /// - Parameter count: How many bytes, no more than a hundred thousand.
    /// - Returns: The first of them; they stay until ``flush()``.
    mutating func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if count > Int(UDP_SCRATCH) - scratchLength || packetCount == Self.limit {
            flush()
            scratchLength = 0
        }
        defer { scratchLength += count }
        return io.pointee.scratch + scratchLength
    }

    /// Sends all that waits.
    mutating func flush() {
        guard packetCount > 0 else { return }
        var lost: CInt = 0
        for index in 0..<waitingCount {
            lost += udp_send(io, sockets + Int(waiting[index]))
        }
        if lost > 0 {
            counters.count(.undelivered, Int(lost))
        }
        waitingCount = 0
        packetCount = 0
        scratchLength = 0
    }

    private mutating func grow(to newCapacity: Int) {
        let larger = UnsafeMutablePointer<udp_socket>.allocate(capacity: newCapacity)
        larger.initialize(repeating: Self.none, count: newCapacity)
        larger.update(from: sockets, count: capacity)
        sockets.deallocate()
        sockets = larger
        capacity = newCapacity
    }
}
