import Configuration
import FoundationEssentials
import Locking

/// A YAML file with options.
///
/// ```yaml
/// turn-port: 3478
/// user:
///   - ann:her password
/// ```
enum ConfigurationFile {
    /// Reads a file.
    /// - Throws: ``OptionError`` if it can't be read, is no YAML, or has a key that is no option.
    static func read(_ path: String) throws(OptionError) -> any ConfigSnapshot {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw OptionError("cannot read \(path): \(FileProblem(path).description).", isInFile: true)
        }
        return try parse(data, of: path)
    }

    static func parse(_ data: Data, of path: String) throws(OptionError) -> any ConfigSnapshot {
        guard !isBlank(data) else { return InMemoryProvider(name: path, values: [:]).snapshot() }
        let keys = KeyCollector()
        let snapshot: YAMLSnapshot
        do {
            // The snapshot can't list its keys; but it asks of each whether it is a secret.
            let secrets = SecretsSpecifier<String, Void>.dynamic { key, _ in
                keys.insert(key)
                return true
            }
            snapshot = try YAMLSnapshot(
                data: data.bytes,
                providerName: path,
                parsingOptions: YAMLSnapshot.ParsingOptions(secretsSpecifier: secrets)
            )
        } catch {
            throw OptionError("\(path) is no configuration file: \(firstLine(of: "\(error)")).", isInFile: true)
        }
        let unknown = keys.all.filter { OptionName(rawValue: $0) == nil }
        guard unknown.isEmpty else {
            let names = unknown.joined(separator: ", ")
            throw OptionError("\(path) has keys that are no options: \(names).", isInFile: true)
        }
        return snapshot
    }

    /// Whether there is nothing but comments: a file in which nothing is switched on, which YAML gives no mapping.
    private static func isBlank(_ data: Data) -> Bool {
        data.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let first = line.first { ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains($0) }
            return first == nil || first == UInt8(ascii: "#")
        }
    }

    /// The parser's message without the excerpt below it, in which a password may be.
    private static func firstLine(of message: String) -> String {
        let line = message.prefix { !$0.isNewline }
        return String(line.last.map { ":.".contains($0) } == true ? line.dropLast() : line)
    }
}

/// The keys of a file, in their order.
private final class KeyCollector: Sendable {
    private let keys = Mutex<[String]>([])

    var all: [String] { keys.withLock { $0 } }

    func insert(_ key: String) {
        keys.withLock { $0.append(key) }
    }
}
