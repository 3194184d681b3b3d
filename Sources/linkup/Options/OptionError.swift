/// What is wrong with an option, in one sentence for the person who gave it.
///
/// The sentence never contains the value of a password or secret.
struct OptionError: Error, Equatable, CustomStringConvertible {
    /// Whether a file is to blame, and not how the program was called.
    var isInFile: Bool
    /// The sentence, with its full stop.
    var description: String

    init(_ description: String, isInFile: Bool = false) {
        self.description = description
        self.isInFile = isInFile
    }
}
