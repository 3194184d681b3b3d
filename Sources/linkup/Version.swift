import ArgumentParser

/// Says which version this is.
struct Version: ParsableCommand {
    /// The version of the program.
    static let current = "0.9.0"

    static let configuration = CommandConfiguration(abstract: "Say which version this is.")

    func run() {
        Console.say("linkup \(Self.current)")
    }
}
