extension String {
    /// The text without what could move the cursor, hide text or turn it around: a foreign server wrote it.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                        "\u{FFFD}"
                    default: scalar
                    }
                }
            )
        )
    }
}
