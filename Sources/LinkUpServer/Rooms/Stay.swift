/// Names a stay in a call: what a client made up for as long as it keeps its connections to the peers.
struct Stay: Hashable, Sendable {
    /// The name as given.
    let value: String

    /// Checks a name.
    /// - Throws: `bad-request` unless it is 1 to 32 characters of `a-z A-Z 0-9 - _`.
    init(_ text: String) throws(RequestError) {
        guard text.isToken(upTo: Limits.stay) else { throw .badRequest("stay", limit: Limits.stay) }
        value = text
    }
}
