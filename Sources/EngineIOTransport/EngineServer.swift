public import EngineIO
public import Logging
import NIOCore
import Synchronization

/// An Engine.IO server: its sessions and the application on top of them, apart from any socket.
///
/// It takes its requests from an ``EngineHTTPServer`` of its own or from a Hummingbird server.
public final class EngineServer: Sendable {
    /// What the server allows and promises.
    public let configuration: EngineConfiguration

    /// What the path of all requests begins with.
    public let path: String

    let application: any EngineApplication
    let logger: Logger

    private struct State {
        var sessions: [String: EngineSession] = [:]
        var loops: [ObjectIdentifier: NIOEngineLoop] = [:]
    }

    private let state = Mutex(State())

    /// Makes a server for an application.
    /// - Parameters:
    ///   - application: What runs on top of the connections.
    ///   - configuration: What the server allows and promises.
    ///   - logger: Where refused requests and broken connections are noted, at debug level.
    public init(
        _ application: any EngineApplication,
        configuration: EngineConfiguration = .init(),
        logger: Logger = Logger(label: "engineio")
    ) {
        self.application = application
        self.configuration = configuration
        configuration.validate()
        path = configuration.pathPrefix(default: application.defaultPath)
        self.logger = logger
    }

    /// The number of sessions, those included that wait for a farewell poll.
    public var sessionCount: Int {
        state.withLock { $0.sessions.count }
    }

    /// Closes every session with ``/EngineIO/EngineCloseReason/forcedClose``.
    public func closeAll() {
        for session in state.withLock({ Array($0.sessions.values) }) {
            session.loop.execute { session.close() }
        }
    }

    func session(_ sid: String) -> EngineSession? {
        state.withLock { $0.sessions[sid] }
    }

    func loop(for eventLoop: any EventLoop) -> NIOEngineLoop {
        state.withLock { state in
            if let loop = state.loops[ObjectIdentifier(eventLoop)] { return loop }
            let loop = NIOEngineLoop(eventLoop)
            state.loops[ObjectIdentifier(eventLoop)] = loop
            return loop
        }
    }

    /// Opens a session on the loop of the request; called on that loop.
    /// - Throws: A refusal when the id is in use.
    func openSession(
        _ handshake: HandshakeRequest,
        id: String,
        transport: EngineTransport,
        version: EngineProtocolVersion,
        base64: Bool,
        on eventLoop: any EventLoop
    ) throws(EngineRefusal) -> EngineSession {
        let session = EngineSession(
            id: id,
            handshake: handshake,
            transport: transport,
            version: version,
            base64: base64,
            server: self,
            on: loop(for: eventLoop)
        )
        let isNew = state.withLock { state in
            guard state.sessions[id] == nil else { return false }
            state.sessions[id] = session
            return true
        }
        guard isNew else { throw .idGeneration }
        return session
    }

    func remove(_ session: EngineSession) {
        _ = state.withLock { $0.sessions.removeValue(forKey: session.id) }
    }
}
