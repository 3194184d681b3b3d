import Glibc
import STUN

@testable import TURNServer

/// A listening socket on 127.0.0.1, as a peer has it.
final class TestListener {
    private let descriptor: CInt
    let address: TransportAddress

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var storage = sockaddr_in()
        storage.sin_family = sa_family_t(AF_INET)
        storage.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard result else { throw TestSocket.Failure(call: "listen", errno: errno) }
        address = TransportAddress(ip: IPAddress(ipv4: 0x7F00_0001), port: UInt16(bigEndian: storage.sin_port))
    }

    deinit {
        close(descriptor)
    }

    func accept() throws -> TestSocket {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw TestSocket.Failure(call: "accept", errno: errno) }
        return try TestSocket(accepted)
    }
}

/// A thread whose end can be waited for.
final class TestThread {
    private final class Work {
        let body: () throws -> Void
        var error: (any Error)?

        init(_ body: @escaping () throws -> Void) {
            self.body = body
        }
    }

    private var handle = pthread_t()
    private let work: Work

    init(_ body: @escaping () throws -> Void) {
        work = Work(body)
        let argument = Unmanaged.passRetained(work).toOpaque()
        let result = pthread_create(
            &handle,
            nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                do {
                    try work.body()
                } catch {
                    work.error = error
                }
                return nil
            },
            argument
        )
        precondition(result == 0)
    }

    func join() throws {
        pthread_join(handle, nil)
        if let error = work.error { throw error }
    }
}
