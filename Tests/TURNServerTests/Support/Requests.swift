import NIOCore
import STUN

@testable import TURNServer

/// A Binding request without attributes.
func bindingRequest(_ id: TransactionID = .random()) -> [UInt8] {
    let writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: id)
    return Array(writer.finish().readableBytesView)
}

/// The address in a success response to the transaction `id`; `nil` for anything else.
func mappedAddress(in response: [UInt8], answering id: TransactionID) throws -> TransportAddress? {
    let message = try STUNMessage(response.span)
    guard message.type == MessageType(.successResponse, .binding), message.transactionID == id else { return nil }
    return try message.first(XORMappedAddress.self)?.address
}

/// Asks over `socket` and compares the answer with the socket's own address.
func isAnswered(_ socket: TestSocket) throws -> Bool {
    let id = TransactionID.random()
    try socket.send(bindingRequest(id))
    let address = try mappedAddress(in: socket.receive(), answering: id)
    return address != nil && address == socket.localAddress
}

/// Asks over a new socket.
func isAnswered(_ transport: TestSocket.Transport, at host: String, port: Int) throws -> Bool {
    try isAnswered(TestSocket(transport, to: host, port: port))
}

/// Runs `body` with a server on a port that the system chooses.
func withServer(
    _ configuration: TURNServer.Configuration = TURNServer.Configuration(port: 0),
    isPortable: Bool = false,
    _ body: (TURNServer, Int) async throws -> Void
) async throws {
    let server = try TURNServer(configuration: configuration, isPortable: isPortable)
    let port = try await server.bind().port
    do {
        try await body(server, port)
    } catch {
        await server.close()
        throw error
    }
    await server.close()
}
