import ArgumentParser
import LinkUpServer

/// Writes all that outlives the process into one file.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write history, secret and certificates of a server into one file.",
        discussion: """
            The server may run. Whoever has the file has all that was said, and can be the server: keep it safe. A file \
            that is there is replaced once the new one is whole.
            """
    )

    @Argument(help: ArgumentHelp("The file to write.", valueName: "file"))
    var file: String

    @OptionGroup var folder: DataFolder

    func run() throws {
        try Backup.write(folder.path, to: file)
    }
}

/// Brings back what a backup has.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring back what 'linkup backup' has written.",
        discussion: """
            The history that is there is kept as chat.sqlite.before-restore. A server that runs uses the history from the \
            next message on; secret and certificates come back when it is stopped.
            """
    )

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var file: String

    @OptionGroup var folder: DataFolder

    func run() throws {
        switch try Backup.restore(file, to: folder.path) {
        case .everything: Console.say("History, secret and certificates are back in \(folder.path).")
        case .history:
            Console.say("The history is back; stop the server and do it again for secret and certificates.")
        }
    }
}

/// Prints the messages of a room.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print all messages of a room, oldest first, each as one line of JSON."
    )

    @Argument(help: ArgumentHelp("The name of the room, as in its address.", valueName: "room"))
    var room: String

    @OptionGroup var folder: DataFolder

    func run() throws {
        try Backup.export(room, from: folder.path) { Console.say($0) }
    }
}
