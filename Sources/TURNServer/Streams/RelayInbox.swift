/// Where connections leave what a relay thread has to know.
protocol RelayInbox: AnyObject, Sendable {
    /// Takes a message; returns at once.
    func post(_ message: RelayThread.Message)
}

extension RelayThread: RelayInbox {}
