import Foundation

/// Writes files as a table in Swift.
enum SwiftTable {
    /// Makes the source of a file that declares `EmbeddedWeb.files`.
    /// - Parameter files: Paths and texts.
    /// - Returns: The source.
    static func source(_ files: [(path: String, text: String)]) -> String {
        var source = """
            /// The files of the page, as they were when the program was built.
            enum EmbeddedWeb {
                /// Path below `Web/` and text of each file, and the text as gzip in Base64, empty where that is no shorter.
                static let files: [(path: String, text: String, gzip: String)] = [

            """
        for file in files {
            let row = "path: \(literal(file.path)), text: \(literal(file.text)), gzip: \(literal(gzip(file.text)))"
            source += "        (\(row)),\n"
        }
        return source + "    ]\n}\n"
    }

    /// The text as gzip in Base64; empty if that does not make it shorter.
    static func gzip(_ text: String) -> String {
        let compressed = Gzip.compress(Array(text.utf8))
        return compressed.count < text.utf8.count ? Data(compressed).base64EncodedString() : ""
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
