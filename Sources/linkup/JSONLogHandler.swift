import FoundationEssentials
import Logging

/// Writes each log entry as one line of JSON: `time` (ISO 8601, UTC), `level`, `label`, `message`, and what belongs to
/// the entry below `metadata`.
struct JSONLogHandler: LogHandler {
    private struct Line: Encodable {
        var time: String
        var level: String
        var label: String
        var source: String
        var message: String
        var metadata: [String: Value]?
    }

    private indirect enum Value: Encodable {
        case text(String)
        case list([Value])
        case table([String: Value])

        init(_ value: Logger.MetadataValue) {
            switch value {
            case .string(let text): self = .text(text)
            case .stringConvertible(let other): self = .text(other.description)
            case .array(let values): self = .list(values.map(Self.init))
            case .dictionary(let values): self = .table(values.mapValues(Self.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .list(let values): try container.encode(values)
            case .table(let values): try container.encode(values)
            }
        }
    }

    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let label: String

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        Console.log(
            Self.line(
                label: label,
                level: event.level,
                message: "\(event.message)",
                metadata: all,
                source: event.source,
                at: Date()
            )
        )
    }

    /// One entry as a line.
    static func line(
        label: String,
        level: Logger.Level,
        message: String,
        metadata: Logger.Metadata,
        source: String,
        at time: Date
    ) -> String {
        let line = Line(
            time: time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            level: level.rawValue,
            label: label,
            source: source,
            message: message,
            metadata: metadata.isEmpty ? nil : metadata.mapValues(Value.init)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts are all that there is in it, and those can be written.
        return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
