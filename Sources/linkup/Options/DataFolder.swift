import ArgumentParser
import FoundationEssentials

/// The folder that commands about a server's data work on.
struct DataFolder: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the server. (default: ./linkup-data)", valueName: "folder"))
    var dataDirectory: String?

    /// The folder that was asked for, by flag or variable.
    var path: String {
        let variable = ProcessInfo.processInfo.environment[OptionName.dataDirectory.variable]
        return dataDirectory ?? variable ?? "./linkup-data"
    }
}
