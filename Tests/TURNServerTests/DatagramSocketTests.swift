import Glibc
import NIOCore
import Testing

@testable import TURNServer

@Suite struct DatagramSocketTests {
    /// A destination that the system refuses costs this one datagram and nothing else.
    @Test func failuresAreOfOneDatagramOnly() throws {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        let sender = DatagramSocket(descriptor: descriptor)
        let payload = ByteBuffer(string: "payload")
        let broadcast = try SocketAddress(ipAddress: "255.255.255.255", port: 9)
        let noPort = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let loopback = try SocketAddress(ipAddress: "127.0.0.1", port: 9)
        let foreign = try SocketAddress(ipAddress: "192.0.2.1", port: 0)
        let own = try SocketAddress(ipAddress: "127.0.0.5", port: 0)
        #expect(!sender.send(payload, to: broadcast, from: nil))
        #expect(!sender.send(payload, to: noPort, from: nil))
        #expect(!sender.send(payload, to: loopback, from: foreign))
        #expect(sender.send(payload, to: loopback, from: nil))
        #expect(sender.send(payload, to: loopback, from: own))
    }
}
