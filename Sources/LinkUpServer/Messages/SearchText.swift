/// What somebody looks for in the messages of a room, or the text of a message as it is looked for: its words.
///
/// A word is a run of letters, marks and digits. Han, Kana, Thai, Lao, Burmese and Khmer are written without spaces: there
/// each character is a word of its own, and what is looked for has to stand in the text as it is.
struct SearchText: Equatable, Sendable {
    /// The most characters, more than anybody types to find something.
    static let mostCharacters = 200

    /// Words that stand one after the other; of scripts with spaces, one.
    struct Phrase: Equatable, Sendable {
        /// The words.
        var words: [Substring]
        /// Whether the script has spaces, so that the word is whole, or a beginning.
        var isSpaced: Bool
    }

    /// What a message has to have; empty when nothing is looked for.
    let phrases: [Phrase]

    /// Checks what somebody looks for.
    /// - Throws: `bad-request` when it has more than 200 characters.
    init(_ text: String) throws(RequestError) {
        guard text.unicodeScalars.count <= Self.mostCharacters else {
            throw .badRequest("text", limit: Self.mostCharacters)
        }
        phrases = Self.phrases(of: text)
    }

    /// Takes a text apart, in time that grows with its length.
    static func phrases(of text: String) -> [Phrase] {
        var phrases: [Phrase] = []
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let start = index
            switch Kind(scalars[index]) {
            case .mark, .other: scalars.formIndex(after: &index)
            case .letter:
                repeat {
                    scalars.formIndex(after: &index)
                } while index < scalars.endIndex && Kind(scalars[index]).continuesWord
                phrases.append(Phrase(words: [text[start..<index]], isSpaced: true))
            case .word:
                var words: [Substring] = []
                repeat {
                    let next = scalars.index(after: index)
                    words.append(text[index..<next])
                    index = next
                } while index < scalars.endIndex && Kind(scalars[index]) == .word
                phrases.append(Phrase(words: words, isSpaced: false))
            }
        }
        return phrases
    }

    /// What a character is to a search.
    private enum Kind {
        /// A part of a word.
        case letter
        /// A part of a word that begins none.
        case mark
        /// A word, of a script without spaces.
        case word
        /// Between words.
        case other

        init(_ scalar: Unicode.Scalar) {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": self = .letter
            case "\0"..."\u{7F}": self = .other
            default: self.init(category: scalar.properties.generalCategory, isSpaced: !Self.isUnspaced(scalar))
            }
        }

        private init(category: Unicode.GeneralCategory, isSpaced: Bool) {
            switch category {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber:
                self = isSpaced ? .letter : .word
            case .nonspacingMark, .spacingMark, .enclosingMark: self = isSpaced ? .mark : .word
            default: self = .other
            }
        }

        var continuesWord: Bool { self == .letter || self == .mark }

        private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            // Thai and Lao; Burmese; Khmer.
            case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: true
            // Kana with its extensions; Han, and its extensions and compatibility forms.
            case 0x3005...0x3007, 0x3040...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF: true
            case 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x1B000...0x1B16F, 0x20000...0x3FFFF: true
            default: false
            }
        }
    }
}
