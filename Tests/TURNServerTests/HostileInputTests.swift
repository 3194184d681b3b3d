import NIOCore
import STUN
import TURN
import TURNServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct HostileInputTests {
    /// Garbage of every length and kind gets no answer and keeps nobody else from getting one.
    @Test func garbageOverUDPIsDropped() async throws {
        try await withServer { server, port in
            let attacker = try TestSocket(.udp, to: "127.0.0.1", port: port)
            let client = try TestSocket(.udp, to: "127.0.0.1", port: port)
            var generator = SystemRandomNumberGenerator()
            var sent = 0
            for round in 0..<2000 {
                var bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                if round.isMultiple(of: 2), bytes.count >= 20 {
                    // A header that is nearly right gets further.
                    bytes[0] = round.isMultiple(of: 4) ? 0 : 1
                    bytes[1] = 1
                    bytes[2] = UInt8((bytes.count - 20) >> 8)
                    bytes[3] = UInt8((bytes.count - 20) & 0xFC)
                    bytes.replaceSubrange(4..<8, with: [0x21, 0x12, 0xA4, 0x42])
                }
                try attacker.send(bytes)
                sent += 1
                if round.isMultiple(of: 50) {
                    #expect(try isAnswered(client))
                    sent += 1
                }
            }
            #expect(try isAnswered(client))
            sent += 1
            // Every message is counted as one thing. Two threads count, and the counters are not read in one moment.
            var counters = server.counters
            while counters.answered + counters.refused + counters.dropped.values.reduce(0, +) < sent {
                await Task.yield()
                counters = server.counters
            }
            #expect(counters.received == sent)
            #expect(counters.answered + counters.refused + counters.dropped.values.reduce(0, +) == sent)
            #expect(counters.dropped[.notTURN, default: 0] > 0)
            #expect(counters.dropped[.unexpected, default: 0] + counters.dropped[.malformed, default: 0] > 0)
            #expect(counters.undelivered == 0)
        }
    }

    /// Datagrams are received whole, also those that no network carries in one piece.
    @Test func longDatagramsAreReadWhole() async throws {
        try await withServer { server, port in
            let socket = try TestSocket(.udp, to: "127.0.0.1", port: port)
            var request = bindingRequest() + [0x80, 0x22, 0xF0, 0x00] + [UInt8](repeating: 0x61, count: 0xF000)
            request[2] = 0xF0
            request[3] = 0x04
            try socket.send(request)
            let answer = try socket.receive()
            #expect(try STUNMessage(answer.span).type == MessageType(.successResponse, .binding))
            try socket.send(Array(request.dropLast()))
            #expect(try isAnswered(socket))
            #expect(server.counters.dropped == [.malformed: 1])
        }
    }

    @Test func singleBytesMakeAMessage() async throws {
        try await withServer { _, port in
            let socket = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            let id = TransactionID.random()
            for byte in bindingRequest(id) {
                try socket.send([byte])
            }
            let address = try mappedAddress(in: socket.receive(exactly: 32), answering: id)
            #expect(address == socket.localAddress)
        }
    }

    @Test func oneSegmentHoldsSeveralMessages() async throws {
        try await withServer { _, port in
            let socket = try TestSocket(.tcp, to: "::1", port: port)
            let ids = (0..<3).map { _ in TransactionID.random() }
            // The last is cut in two.
            let bytes = ids.flatMap { bindingRequest($0) }
            try socket.send(Array(bytes[..<50]))
            let first = try socket.receive(exactly: 2 * 44)
            try socket.send(Array(bytes[50...]))
            let responses = try first + socket.receive(exactly: 44)
            for (index, id) in ids.enumerated() {
                let response = Array(responses[(44 * index)..<(44 * index + 44)])
                #expect(try mappedAddress(in: response, answering: id) == socket.localAddress)
            }
        }
    }

    /// What is not STUN ends its own connection, after the answers that it has a right to, and no other.
    @Test(
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 0x03, 0x01, 0x00, 0xF4, 0x01, 0x00, 0x00],
            [0x80, 0x00, 0x00, 0x00],
            [0x00, 0x01, 0xFF, 0xFC], [0x00, 0x01, 0x00, 0x01], [0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        ] as [[UInt8]]
    )
    func garbageOverTCPEndsTheConnection(garbage: [UInt8]) async throws {
        try await withServer { server, port in
            let client = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            #expect(try isAnswered(client))
            let attacker = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            try attacker.send(bindingRequest() + garbage)
            #expect(try attacker.receive(exactly: 33).count == 32)
            #expect(try isAnswered(client))
            #expect(server.counters.connectionsInvalid == 1)
        }
    }

    @Test func connectionsAreLimited() async throws {
        let configuration = TURNServer.Configuration(hostname: "127.0.0.1", port: 0, maximumConnections: 2)
        try await withServer(configuration) { server, port in
            let first = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            #expect(try isAnswered(first))
            do {
                let second = try TestSocket(.tcp, to: "127.0.0.1", port: port)
                #expect(try isAnswered(second))
                let third = try TestSocket(.tcp, to: "127.0.0.1", port: port)
                let end = try third.receive()
                #expect(end.isEmpty)
                #expect(server.counters.connectionsRefused == 1)
                #expect(try isAnswered(first))
            }
            // The second's place is free once the server has seen it leave.
            var admitted = false
            while !admitted {
                let next = try TestSocket(.tcp, to: "127.0.0.1", port: port)
                admitted = (try? isAnswered(next)) ?? false
            }
        }
    }

    /// A byte now and then keeps no connection alive; only messages do.
    @Test func idleConnectionsAreClosed() async throws {
        let configuration = TURNServer.Configuration(port: 0, idleTimeout: .milliseconds(50))
        try await withServer(configuration) { server, port in
            let socket = try TestSocket(.tcp, to: "127.0.0.1", port: port)
            try socket.send([0x00])
            #expect(try socket.receive().isEmpty)
            #expect(server.counters.connectionsTimedOut == 1)
        }
    }

    @Test func clientsThatDoNotReadAreClosed() async throws {
        try await withServer { server, port in
            let socket = try TestSocket(.tcp, to: "127.0.0.1", port: port, receiveBuffer: 4096)
            let requests = Array(repeating: bindingRequest(), count: 1000).flatMap { $0 }
            // The buffers of both systems and of the server hold far less than 64 MiB.
            for _ in 0..<2000 where server.counters.connectionsCongested == 0 {
                do {
                    try socket.send(requests)
                } catch {
                    break
                }
            }
            #expect(server.counters.connectionsCongested == 1)
            #expect(try isAnswered(.tcp, at: "127.0.0.1", port: port))
        }
    }
}
