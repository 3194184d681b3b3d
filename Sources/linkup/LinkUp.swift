import ArgumentParser

/// The command line: arguments in, one line out when something is wrong with them or with what they ask for.
@main
struct LinkUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linkup",
        abstract: "Calls, chat and file transfer on a machine of your own.",
        version: "linkup \(Version.current)",
        subcommands: [
            Serve.self, Turn.self, Check.self, Status.self, BackupCommand.self, RestoreCommand.self, ExportCommand.self,
            Version.self,
        ],
        defaultSubcommand: Serve.self
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as OptionError {
            Console.complain(error.description)
            // A file may be put right without calling the program in another way.
            exit(withError: error.isInFile ? ExitCode.failure : .validationFailure)
        } catch {
            let code = exitCode(for: error)
            // Help is asked for, and is no error.
            guard code != .success else { exit(withError: error) }
            let message = message(for: error)
            // What stopped the command may have been said already.
            if !message.isEmpty { Console.complain(message) }
            exit(withError: code)
        }
    }
}
