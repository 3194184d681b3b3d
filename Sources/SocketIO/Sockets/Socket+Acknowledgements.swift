import EngineIO

// MARK: - Waiting for acknowledgements

extension Socket {
    /// An acknowledgement from the client; unless somebody waits for it, it is ignored.
    func receiveAcknowledgement(_ id: UInt64, _ arguments: SocketArguments) {
        pendingAcknowledgements.remove(id)?(.success(arguments))
    }

    /// Waits for an acknowledgement; on the loop.
    /// - Returns: `false` when `completion` was told at once why there will be none.
    @discardableResult
    func expectAcknowledgement(
        _ id: UInt64,
        timeout: Duration?,
        _ completion: @escaping AcknowledgementTable.Completion
    ) -> Bool {
        guard isTransmitting else {
            completion(.failure(.disconnected))
            return false
        }
        guard pendingAcknowledgements.count < client.server.configuration.maxPendingAcknowledgements else {
            completion(.failure(.tooManyPending))
            return false
        }
        let timer = timeout.map { timeout in
            connection.loop.schedule(at: connection.loop.now + timeout) { [weak self] in
                self?.failAcknowledgement(id, .timedOut)
            }
        }
        pendingAcknowledgements.insert(id, timer: timer, completion)
        return true
    }

    /// Ends the wait for an acknowledgement; a late one is ignored.
    func failAcknowledgement(_ id: UInt64, _ error: AcknowledgementError) {
        pendingAcknowledgements.remove(id)?(.failure(error))
    }
}
