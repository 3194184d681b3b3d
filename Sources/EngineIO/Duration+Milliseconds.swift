extension Duration {
    /// The whole milliseconds, in which the protocol counts.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
