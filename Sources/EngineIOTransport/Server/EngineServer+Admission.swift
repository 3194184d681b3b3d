import EngineIO
import Logging
import NIOCore

/// What is decided about a handshake before there is a session, however the request came in.
extension EngineServer {
    /// Asks everybody who may refuse a handshake, and chooses the id of its session.
    ///
    /// Without hooks of the application the answer is there before this returns.
    /// - Parameters:
    ///   - request: The request.
    ///   - handshake: What the application sees of it.
    ///   - eventLoop: The loop of the request, which is the caller's.
    ///   - completion: Called on that loop with the id, under which ``openSession(_:id:transport:version:base64:on:)``
    ///     may still find the server full.
    /// - Returns: What to cancel when the client gives up.
    func admit(
        _ request: EngineHTTPRequest,
        _ handshake: HandshakeRequest,
        on eventLoop: any EventLoop,
        _ completion: @escaping @Sendable (Result<String, EngineRefusal>) -> Void
    ) -> Task<Void, Never>? {
        do {
            try request.checkOrigin()
            try beginHandshake(from: handshake.remoteAddress)
        } catch {
            completion(.failure(error))
            return nil
        }
        guard configuration.allowRequest != nil || configuration.generateID != nil else {
            completion(.success(RandomID.make()))
            return nil
        }
        return Task {
            let result = await askApplication(handshake)
            eventLoop.execute { completion(result) }
        }
    }

    private func askApplication(_ handshake: HandshakeRequest) async -> Result<String, EngineRefusal> {
        if let allowRequest = configuration.allowRequest,
            case .refuse(let message) = await allowRequest(handshake)
        {
            return .failure(.forbidden(message))
        }
        guard let generateID = configuration.generateID else { return .success(RandomID.make()) }
        do {
            let id = try await generateID(handshake)
            if Self.isFitForTheWire(id) { return .success(id) }
            logger.error(
                "The application generated a session id that is not fit for the wire",
                metadata: ["id": "\(id)"]
            )
        } catch {
            logger.error("The application failed to generate a session id", metadata: ["error": "\(error)"])
        }
        return .failure(.idGeneration)
    }

    /// Whether an id needs no escaping in a URL, a cookie or JSON.
    private static func isFitForTheWire(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_.!~*'()".utf8.contains(byte)
                }
            }
    }
}
