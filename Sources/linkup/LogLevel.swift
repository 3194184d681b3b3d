public import ArgumentParser
public import Logging

/// How much is logged.
enum LogLevel {
    /// Sends what is logged to standard error.
    static func bootstrap(_ level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }
}

extension OptionReader {
    /// The level that was asked for, or `info`.
    /// - Throws: ``OptionError`` if there is no such level.
    func logLevel() throws(OptionError) -> Logger.Level {
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return try text(.logLevel)?.read(as: "one of \(levels)") { Logger.Level(rawValue: $0) }.value ?? .info
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
