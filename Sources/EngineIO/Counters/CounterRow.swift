/// One of the numbers that a layer counts: where it stands, and what it is as a metric.
///
/// A layer has one table of them, from which sums and metrics follow; a test holds it, and the list in the
/// documentation, to what there is.
package struct CounterRow<Counters>: Sendable {
    /// What a metric makes of the number.
    package enum Kind: Sendable {
        /// It only grows.
        case counter
        /// It tells how many there are now.
        case meter
    }

    /// What a metric makes of the number.
    package let kind: Kind
    /// The name of the metric.
    package let label: String
    /// What tells it apart from others of the name.
    package let dimensions: [(String, String)]
    /// The number.
    package let value: any WritableKeyPath<Counters, Int> & Sendable

    /// Makes a row.
    /// - Parameters:
    ///   - kind: What a metric makes of the number.
    ///   - label: The name of the metric.
    ///   - dimensions: What tells it apart from others of the name.
    ///   - value: The number.
    package init(
        _ kind: Kind,
        _ label: String,
        _ dimensions: (String, String)...,
        value: any WritableKeyPath<Counters, Int> & Sendable
    ) {
        self.kind = kind
        self.label = label
        self.dimensions = dimensions
        self.value = value
    }
}
