import Configuration
import Networking

/// What an option was set to, and by what name the person knows it who has set it.
struct Setting<Value: Sendable>: Sendable {
    var value: Value
    var name: String
    var isInFile: Bool

    /// An error about this setting.
    func error(_ predicate: String) -> OptionError {
        OptionError("\(name) \(predicate).", isInFile: isInFile)
    }

    /// The setting with its value read as something else.
    /// - Parameters:
    ///   - expected: What the value has to be, for the message: `"an IP address"`.
    ///   - isSecret: Whether the value must not be repeated in a message.
    ///   - transform: Reads the value; `nil` if it is no such thing.
    /// - Returns: The same setting with the result.
    /// - Throws: ``OptionError`` if there is none.
    func read<Result: Sendable>(
        as expected: String,
        isSecret: Bool = false,
        _ transform: (Value) -> Result?
    ) throws(OptionError) -> Setting<Result> {
        guard let result = transform(value) else {
            throw error("must be \(expected)" + (isSecret ? "" : ", not \(value)"))
        }
        return Setting<Result>(value: result, name: name, isInFile: isInFile)
    }
}

/// Reads options from flags, environment and file; what stands first there counts.
struct OptionReader: Sendable {
    /// Where a layer of options comes from.
    enum Origin: Sendable {
        case flags
        case environment
        case file(String)
    }

    private let layers: [(origin: Origin, snapshot: any ConfigSnapshot)]

    /// Puts the layers on each other.
    /// - Parameters:
    ///   - flags: The options that were given as flags.
    ///   - environment: The variables of the process.
    ///   - file: The path of a YAML file, if one was named.
    /// - Throws: ``OptionError`` if the file can't be used.
    init(
        flags: [OptionName: ConfigContent],
        environment: [String: String],
        file: String?
    ) throws(OptionError) {
        let values = flags.map { (AbsoluteConfigKey([$0.key.rawValue]), ConfigValue($0.value, isSecret: true)) }
        var layers: [(origin: Origin, snapshot: any ConfigSnapshot)] = [
            (.flags, InMemoryProvider(name: "flags", values: Dictionary(uniqueKeysWithValues: values)).snapshot()),
            (
                .environment,
                EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
                    .prefixKeys(with: ConfigKey([OptionName.variablePrefix])).snapshot()
            ),
        ]
        if let file {
            layers.append((.file(file), try ConfigurationFile.read(file)))
        }
        self.layers = layers
    }

    /// An option that has one value.
    func text(_ option: OptionName) throws(OptionError) -> Setting<String>? {
        for layer in layers {
            let setting = Setting(value: "", name: layer.origin.name(of: option), isInFile: layer.origin.isFile)
            do {
                let result = try layer.snapshot.value(forKey: AbsoluteConfigKey([option.rawValue]), type: .string)
                guard let value = result.value else { continue }
                guard case .string(let text) = value.content else { throw setting.error("must have one value") }
                return Setting(value: text, name: setting.name, isInFile: setting.isInFile)
            } catch {
                throw setting.error("must have one value, not a list")
            }
        }
        return nil
    }

    /// An option that may be repeated; empty if it is not there.
    func texts(_ option: OptionName) throws(OptionError) -> [Setting<String>] {
        for layer in layers {
            let key = AbsoluteConfigKey([option.rawValue])
            let name = layer.origin.name(of: option)
            var texts: [String]?
            if case .stringArray(let list)? = try? layer.snapshot.value(forKey: key, type: .stringArray).value?.content
            {
                texts = list
            } else if case .string(let text)? = try? layer.snapshot.value(forKey: key, type: .string).value?.content {
                texts = [text]
            }
            guard let texts else { continue }
            return texts.map { Setting(value: $0, name: name, isInFile: layer.origin.isFile) }
        }
        return []
    }

    /// An option that is on or off; `false` if it is not there.
    func isSet(_ option: OptionName) throws(OptionError) -> Bool {
        let setting = try text(option)?.read(as: "true or false") { text -> Bool? in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
        return setting?.value ?? false
    }

    /// A number within limits.
    func number(_ option: OptionName, in range: ClosedRange<Int>) throws(OptionError) -> Setting<Int>? {
        let expected =
            range.upperBound == .max
            ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        return try text(option)?.read(as: expected) { text -> Int? in
            guard let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }

    /// An option that may be repeated, each time read as something else.
    func list<Value: Sendable>(
        _ option: OptionName,
        _ expected: String,
        _ transform: (String) -> Value?
    ) throws(OptionError) -> [Value] {
        var values: [Value] = []
        for setting in try texts(option) { values.append(try setting.read(as: expected, transform).value) }
        return values
    }

    /// Ranges of addresses.
    func ranges(_ option: OptionName) throws(OptionError) -> [AddressRange] {
        let expected = "a range like 10.0.0.0/8 or fd00::/8, with zeros behind the prefix, or an address"
        return try list(option, expected) { AddressRange($0) }
    }
}

extension OptionReader.Origin {
    /// How a person finds the option there.
    fileprivate func name(of option: OptionName) -> String {
        switch self {
        case .flags: option.flag
        case .environment: option.variable
        case .file(let path): "\(option.rawValue) in \(path)"
        }
    }

    fileprivate var isFile: Bool {
        if case .file = self { true } else { false }
    }
}
