import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Sends datagrams on the descriptor of a NIO channel, past the channel.
///
/// NIO closes a datagram channel when a send fails for most reasons, and a source that nobody can reach would so end
/// the service for everybody. It also lets the system choose the address that a datagram leaves from, which on a host
/// with several addresses need not be the one that the client wrote to.
struct DatagramSocket {
    /// The descriptor; owned by the channel.
    let descriptor: NIOBSDSocket.Handle

    /// Sends one datagram without waiting.
    ///
    /// - Parameters:
    ///   - payload: The readable bytes are sent.
    ///   - destination: Where to.
    ///   - source: The own address to send from; `nil` leaves the choice to the system.
    /// - Returns: Whether the system took the datagram.
    func send(_ payload: ByteBuffer, to destination: SocketAddress, from source: SocketAddress?) -> Bool {
        payload.withUnsafeReadableBytes { bytes in
            destination.withSockAddr { address, addressLength in
                var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var header = msghdr()
                    header.msg_name = UnsafeMutableRawPointer(mutating: address)
                    header.msg_namelen = socklen_t(addressLength)
                    header.msg_iov = part
                    header.msg_iovlen = 1
                    return send(&header, from: source) == bytes.count
                }
            }
        }
    }

    #if os(Linux)
    /// The longest control message: header and in6_pktinfo, padded to words.
    private static let controlSpace = 40

    private func send(_ header: inout msghdr, from source: SocketAddress?) -> Int {
        guard let source, source.protocol == .inet || source.protocol == .inet6 else {
            return sendmsg(descriptor, &header, CInt(MSG_DONTWAIT))
        }
        let word = MemoryLayout<Int>.size
        return withUnsafeTemporaryAllocation(byteCount: Self.controlSpace, alignment: word) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            let length = writePacketInfo(source, to: control)
            header.msg_control = control.baseAddress
            header.msg_controllen = (length + word - 1) / word * word
            return sendmsg(descriptor, &header, CInt(MSG_DONTWAIT))
        }
    }

    /// Writes the control message (cmsg(3)) that has a datagram leave from `source`.
    ///
    /// For IPv4 it holds interface index, own address and a field for receivers (ip(7)), for IPv6 own address and
    /// interface index (ipv6(7)); index 0 leaves the interface to the routes.
    ///
    /// - Returns: The length of the message without padding.
    private func writePacketInfo(_ source: SocketAddress, to control: UnsafeMutableRawBufferPointer) -> Int {
        let isIPv4 = source.protocol == .inet
        let headerLength = MemoryLayout<Int>.size + 2 * MemoryLayout<CInt>.size
        let length = headerLength + (isIPv4 ? 12 : 20)
        control.storeBytes(of: length, as: Int.self)
        control.storeBytes(
            of: CInt(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6),
            toByteOffset: MemoryLayout<Int>.size,
            as: CInt.self
        )
        control.storeBytes(
            of: CInt(isIPv4 ? IP_PKTINFO : IPV6_PKTINFO),
            toByteOffset: MemoryLayout<Int>.size + MemoryLayout<CInt>.size,
            as: CInt.self
        )
        source.withIPAddressBytes { address in
            let offset = isIPv4 ? headerLength + MemoryLayout<CInt>.size : headerLength
            UnsafeMutableRawBufferPointer(rebasing: control[offset...]).copyMemory(from: address)
        }
        return length
    }
    #else
    private func send(_ header: inout msghdr, from source: SocketAddress?) -> Int {
        sendmsg(descriptor, &header, MSG_DONTWAIT)
    }
    #endif
}
