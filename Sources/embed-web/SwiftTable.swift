/// Writes files as a table in Swift.
enum SwiftTable {
    /// Makes the source of a file that declares `EmbeddedWeb.files`.
    /// - Parameter files: Paths and texts.
    /// - Returns: The source.
    static func source(_ files: [(path: String, text: String)]) -> String {
        var source = """
            /// The files of the page, as they were when the program was built.
            enum EmbeddedWeb {
                /// Path below `Web/` and text of each file.
                static let files: [(path: String, text: String)] = [

            """
        for file in files {
            source += "        (path: \(literal(file.path)), text: \(literal(file.text))),\n"
        }
        return source + "    ]\n}\n"
    }

    /// Makes a string literal of one line, which gives the text back scalar by scalar.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            case _ where scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F:
                literal.unicodeScalars.append(scalar)
            default:
                literal += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return literal + "\""
    }
}
