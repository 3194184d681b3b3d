import Glibc
import NIOCore
import STUN

@testable import TURNServer

/// A listening socket on 127.0.0.1, as a peer has it.
final class TestListener {
    private let socket: TestSocket
    let address: TransportAddress

    init() throws {
        let descriptor = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        socket = try TestSocket(descriptor)
        let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let isBound = any.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 }
        guard isBound, listen(descriptor, 8) == 0, let address = socket.localAddress else {
            throw TestSocket.Failure(call: "listen", errno: errno)
        }
        self.address = address
    }

    func accept() throws -> TestSocket {
        try TestSocket(Glibc.accept(socket.descriptor, nil, nil))
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
