import Glibc
import NIOCore
import STUN
import TURNServer

/// A blocking client socket that gives up in the end.
final class TestSocket {
    enum Transport: CaseIterable {
        case udp
        case tcp
    }

    struct Failure: Error {
        let call: String
        let errno: CInt
    }

    let descriptor: CInt

    /// Connects to `host`, an address as text.
    init(_ transport: Transport, to host: String, port: Int, receiveBuffer: CInt? = nil) throws {
        let address = try SocketAddress(ipAddress: host, port: port)
        let family = address.protocol == .inet ? AF_INET : AF_INET6
        let kind = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        descriptor = socket(family, CInt(kind.rawValue), 0)
        try giveUpInTime()
        if let receiveBuffer {
            try set(SO_RCVBUF, to: receiveBuffer)
        }
        let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard result == 0 else { throw Failure(call: "connect", errno: errno) }
    }

    /// Connects from an address of this machine that is free.
    init(_ transport: Transport, from local: TransportAddress, to host: String, port: Int) throws {
        let remote = try SocketAddress(ipAddress: host, port: port)
        let source = try SocketAddress(ipAddress: "\(local.ip)", port: Int(local.port))
        let family = remote.protocol == .inet ? AF_INET : AF_INET6
        descriptor = socket(family, CInt((transport == .udp ? SOCK_DGRAM : SOCK_STREAM).rawValue), 0)
        guard source.withSockAddr({ bind(descriptor, $0, socklen_t($1)) }) == 0,
            remote.withSockAddr({ connect(descriptor, $0, socklen_t($1)) }) == 0
        else { throw Failure(call: "bind or connect", errno: errno) }
    }

    /// Whether something has come.
    var hasInput: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) >= 0
    }

    /// Takes over a socket.
    init(_ descriptor: CInt) throws {
        guard descriptor >= 0 else { throw Failure(call: "socket or accept", errno: errno) }
        self.descriptor = descriptor
        try giveUpInTime()
    }

    private func giveUpInTime() throws {
        try set(SO_RCVTIMEO, to: timeval(tv_sec: 10, tv_usec: 0))
        // A server may take that long for what waits in front.
        try set(SO_SNDTIMEO, to: timeval(tv_sec: 60, tv_usec: 0))
    }

    deinit {
        close(descriptor)
    }

    /// The own end, as the server should see it.
    var localAddress: TransportAddress? {
        address(getsockname)
    }

    /// The other end.
    var remoteAddress: TransportAddress? {
        address(getpeername)
    }

    private func address(
        _ get: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> TransportAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let start = bytes.baseAddress else { return nil }
            let result = get(descriptor, start.assumingMemoryBound(to: sockaddr.self), &length)
            guard result == 0 else { return nil }
            let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
            let range = length == 16 ? 4..<8 : 8..<24
            let ip = IPAddress(bytes: Array(bytes[range]).span)
            return ip.map { TransportAddress(ip: $0, port: port) }
        }
    }

    /// Has the system cut what is sent into datagrams of so many bytes, the last of which may be shorter (udp(7),
    /// UDP_SEGMENT).
    func cutSends(into length: CInt) throws {
        let (level, option): (CInt, CInt) = (17, 103)
        var length = length
        let result = setsockopt(descriptor, level, option, &length, socklen_t(MemoryLayout<CInt>.size))
        guard result == 0 else { throw Failure(call: "setsockopt", errno: errno) }
    }

    func send(_ bytes: [UInt8]) throws {
        let sent = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        guard sent == bytes.count else { throw Failure(call: "send", errno: errno) }
    }

    /// Sends what the system takes at once; `nil` if that is nothing.
    func sendWithoutWaiting(_ bytes: [UInt8]) throws -> Int? {
        let sent = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
        if sent < 0, errno == EAGAIN { return nil }
        guard sent >= 0 else { throw Failure(call: "send", errno: errno) }
        return sent
    }

    /// Ends the stream to the server; answers can still come.
    func endOutput() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// What the next call of `recv` brings; empty at the end of a stream or after a reset.
    func receive(atMost count: Int = 65_536) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, 0)
        if received < 0, errno == ECONNRESET {
            return []
        }
        guard received >= 0 else { throw Failure(call: "recv", errno: errno) }
        return Array(bytes[..<received])
    }

    /// Exactly `count` bytes of a stream, or fewer if it ends.
    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive(atMost: count - bytes.count)
            guard !more.isEmpty else { break }
            bytes += more
        }
        return bytes
    }

    private func set<Value>(_ option: CInt, to value: Value) throws {
        let result = withUnsafePointer(to: value) {
            setsockopt(descriptor, SOL_SOCKET, option, $0, socklen_t(MemoryLayout<Value>.size))
        }
        guard result == 0 else { throw Failure(call: "setsockopt", errno: errno) }
    }
}
