/// Labels of a series, as they stand in the text.
struct MetricLabels: Hashable, Sendable {
    /// `a="b",c="d"`, in the order of the names.
    let text: String

    /// Writes dimensions as labels; of those of the same name, the first counts.
    init(_ dimensions: [(String, String)]) {
        var known: Set<String> = []
        text = dimensions.map { (MetricName.label($0.0), $0.1) }
            .filter { known.insert($0.0).inserted }
            .sorted { $0.0 < $1.0 }
            .map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
            .joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// What names may consist of.
enum MetricName {
    /// A name of a metric: letters, digits, underscores and colons, and no digit first; others become underscores.
    static func metric(_ text: String) -> String { name(text, allowing: UInt8(ascii: ":")) }

    /// A name of a label: the same without colons.
    static func label(_ text: String) -> String { name(text, allowing: UInt8(ascii: "_")) }

    private static func name(_ text: String, allowing other: UInt8) -> String {
        let bytes = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), other:
                byte
            default: UInt8(ascii: "_")
            }
        }
        let isDigit = bytes.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? true
        return (isDigit ? "_" : "") + String(decoding: bytes, as: UTF8.self)
    }
}

/// The text format, version 0.0.4: families in the order of their names, series in that of their labels.
struct MetricText {
    private struct Family {
        var kind: MetricKind
        var lines: [String: String] = [:]
    }

    private var families: [String: Family] = [:]

    /// Adds a number.
    mutating func add(_ value: Double, name: String, kind: MetricKind, labels: MetricLabels) {
        var name = MetricName.metric(name)
        // By custom, and by the rule of OpenMetrics.
        if kind == .counter, !name.hasSuffix("_total") { name += "_total" }
        add(kind, name, labels, Self.line(name, labels.text, value))
    }

    /// Adds a histogram.
    mutating func addHistogram(_ name: String, labels: MetricLabels, bounds: [Double], counts: [Int], sum: Double) {
        let name = MetricName.metric(name)
        var total = 0
        var text = ""
        for (bound, count) in zip(bounds.map(Self.number) + ["+Inf"], counts) {
            total += count
            let before = labels.text.isEmpty ? "" : "\(labels.text),"
            text += Self.line("\(name)_bucket", "\(before)le=\"\(bound)\"", Double(total))
        }
        text += Self.line("\(name)_sum", labels.text, sum)
        text += Self.line("\(name)_count", labels.text, Double(total))
        add(.histogram, name, labels, text)
    }

    /// The whole text.
    func finish() -> String {
        families.sorted { $0.key < $1.key }.map { name, family in
            "# TYPE \(name) \(family.kind.rawValue)\n"
                + family.lines.sorted { $0.key < $1.key }.map(\.value).joined()
        }.joined()
    }

    private mutating func add(_ kind: MetricKind, _ name: String, _ labels: MetricLabels, _ text: String) {
        // A name is of one kind, and labels stand once: a reader refuses all of a text in which it is otherwise.
        let family = families[name] ?? Family(kind: kind)
        guard family.kind == kind, family.lines[labels.text] == nil else { return }
        families[name, default: family].lines[labels.text] = text
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}
