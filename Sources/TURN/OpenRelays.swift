import Locking
import STUN

import struct Synchronization.Atomic

/// The relayed transport addresses that are open at this moment, of all engines of a server.
///
/// Two clients of a server reach each other at them, wherever in the network the server stands. Which port one has is
/// left to chance, and the ports between belong to whatever else runs on the machine: so a range of ports says too
/// little about who is there.
///
/// Asked for each datagram that goes to such a port or comes from one, by all threads: so each port has a number of its
/// own, which is read without a lock. It is odd while a relay is there, and grows whenever one comes or goes; what was
/// granted for one relay is not good for the next that has the port.
public final class OpenRelays: Sendable {
    /// The ports of one address and transport.
    private struct Plane {
        let address: IPAddress
        let transport: RelayEngine.RelayTransport
        let ports: UnsafeMutablePointer<Atomic<UInt32>>
    }

    /// How many addresses and transports are told apart, of which those are kept that ever had a relay.
    ///
    /// 256: a machine has few, but some get new ones every day. Relays at further ones are reached by nobody here.
    static let maximumPlanes = 256

    private let ports: ClosedRange<UInt16>
    // Entered under the lock and never changed; read up to `count` by anybody.
    private nonisolated(unsafe) let planes: UnsafeMutablePointer<Plane>
    // One number that is never odd, for what has no plane.
    private nonisolated(unsafe) let shut: UnsafeMutablePointer<Atomic<UInt32>>
    private let planeCount = Atomic(0)
    private let opened = Atomic(0)
    private let lock = Mutex(())

    /// Makes a list without relays.
    /// - Parameter ports: The ports that relays may have; 49152 to 65535 unless given.
    public init(ports: ClosedRange<UInt16> = 49152...65535) {
        self.ports = ports
        planes = .allocate(capacity: Self.maximumPlanes)
        shut = Self.allocate(1)
    }

    deinit {
        for index in 0..<planeCount.load(ordering: .acquiring) {
            planes[index].ports.deinitialize(count: ports.count).deallocate()
        }
        planes.deallocate()
        shut.deinitialize(count: 1).deallocate()
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        let numbers = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: count)
        for index in 0..<count { (numbers + index).initialize(to: Atomic(0)) }
        return numbers
    }

    /// How many addresses there are; a relay behind a NAT has two.
    var count: Int { opened.load(ordering: .relaxed) }

    /// Whether a relay has the address.
    func contains(_ address: TransportAddress, _ transport: RelayEngine.RelayTransport) -> Bool {
        guard let number = number(of: address, transport) else { return false }
        return number.pointee.load(ordering: .acquiring) & 1 == 1
    }

    /// What is open as long as the relay which has the address now is there; never, if none has.
    func gate(of address: TransportAddress, _ transport: RelayEngine.RelayTransport) -> RelayGate {
        let number = number(of: address, transport) ?? shut
        return RelayGate(number: number, generation: number.pointee.load(ordering: .acquiring))
    }

    /// Notes that a relay is open at each of the addresses.
    func insert(_ addresses: TransportAddress..., over transport: RelayEngine.RelayTransport) {
        lock.withLock { _ in
            for address in addresses where ports.contains(address.port) {
                enterPlane(of: address.ip, transport)
                advance(address, transport, ifOpen: false)
            }
        }
    }

    /// Notes that no relay is at any of the addresses any more.
    func remove(_ addresses: TransportAddress..., over transport: RelayEngine.RelayTransport) {
        lock.withLock { _ in
            for address in addresses { advance(address, transport, ifOpen: true) }
        }
    }

    private func advance(_ address: TransportAddress, _ transport: RelayEngine.RelayTransport, ifOpen isOpen: Bool) {
        guard let number = number(of: address, transport) else { return }
        let generation = number.pointee.load(ordering: .relaxed)
        guard (generation & 1 == 1) == isOpen else { return }
        number.pointee.store(generation &+ 1, ordering: .releasing)
        opened.add(isOpen ? -1 : 1, ordering: .relaxed)
    }

    private func enterPlane(of address: IPAddress, _ transport: RelayEngine.RelayTransport) {
        let count = planeCount.load(ordering: .relaxed)
        for index in 0..<count where planes[index].address == address && planes[index].transport == transport {
            return
        }
        guard count < Self.maximumPlanes else { return }
        let plane = Plane(address: address, transport: transport, ports: Self.allocate(ports.count))
        (planes + count).initialize(to: plane)
        planeCount.store(count + 1, ordering: .releasing)
    }

    private func number(
        of address: TransportAddress,
        _ transport: RelayEngine.RelayTransport
    ) -> UnsafeMutablePointer<Atomic<UInt32>>? {
        guard ports.contains(address.port) else { return nil }
        for index in 0..<planeCount.load(ordering: .acquiring)
        where planes[index].address == address.ip && planes[index].transport == transport {
            return planes[index].ports + Int(address.port - ports.lowerBound)
        }
        return nil
    }
}

/// A port of a relay address, as long as the relay has it that had it when something was granted.
///
/// Good as long as the ``OpenRelays`` that it is of.
struct RelayGate: Sendable {
    // Any thread may read it.
    private nonisolated(unsafe) let number: UnsafeMutablePointer<Atomic<UInt32>>
    private let generation: UInt32

    fileprivate init(number: UnsafeMutablePointer<Atomic<UInt32>>, generation: UInt32) {
        self.number = number
        self.generation = generation
    }

    /// Whether that relay is still there.
    @inline(__always)
    var isOpen: Bool {
        generation & 1 == 1 && number.pointee.load(ordering: .acquiring) == generation
    }
}
