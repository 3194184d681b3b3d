public import ArgumentParser
public import Logging

/// What is logged, and how.
struct Logs: Equatable {
    /// How an entry is written.
    enum Format: String, CaseIterable {
        /// A line for people.
        case text
        /// A line of JSON, for what collects logs.
        case json
    }

    /// The least important entries that are written.
    var level = Logger.Level.info
    /// How they are written.
    var format = Format.text

    /// Sends what is logged to standard error.
    func bootstrap() {
        LoggingSystem.bootstrap { [level, format] label in
            var handler: any LogHandler =
                switch format {
                case .text: StreamLogHandler.standardError(label: label)
                case .json: JSONLogHandler(label: label)
                }
            handler.logLevel = level
            return handler
        }
    }
}

extension OptionReader {
    /// What was asked for.
    /// - Throws: ``OptionError`` if there is no such level or format.
    func logs() throws(OptionError) -> Logs {
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        let formats = Logs.Format.allCases.map(\.rawValue).joined(separator: " or ")
        var logs = Logs()
        logs.level =
            try text(.logLevel)?.read(as: "one of \(levels)") { Logger.Level(rawValue: $0) }.value ?? logs.level
        logs.format = try text(.logFormat)?.read(as: formats) { Logs.Format(rawValue: $0) }.value ?? logs.format
        return logs
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
