/// Why a client's acknowledgement did not arrive.
public enum AcknowledgementError: Error, Sendable {
    /// It did not come in time.
    case timedOut
    /// The socket was disconnected before it came, or was not connected to begin with.
    case disconnected
    /// The event was not sent, because it could not be encoded or was volatile; `detail` says why.
    case notSent(detail: String)
    /// The socket owes as many acknowledgements as it may:
    /// ``SocketIOServer/Configuration/maxPendingAcknowledgements``.
    case tooManyPending
}

/// Some receivers of a broadcast did not acknowledge it in time.
public struct BroadcastTimeout: Error, Sendable {
    /// The acknowledgements that did come, in order of arrival.
    public var answers: [SocketArguments]
    /// The ids of the nodes of a cluster from which something is missing; empty on a server that stands alone.
    public var missingNodes: [String] = []

    /// Decodes the first argument of the acknowledgements that did come.
    public func decodeAnswers<Answer: Decodable>(as type: Answer.Type = Answer.self) throws -> [Answer] {
        try answers.map { try $0.decode(type) }
    }
}
