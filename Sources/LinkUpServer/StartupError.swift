/// Why the server can't start, in one line for the person who started it.
public struct StartupError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, and with which port, file or folder.
    public let description: String

    /// Makes an error of one sentence without a full stop.
    public init(_ description: String) {
        self.description = description
    }
}
