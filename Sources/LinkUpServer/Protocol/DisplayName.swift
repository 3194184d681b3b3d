import Foundation

/// The name that the others see; not unique, and nothing is decided by it.
///
/// What can't be seen is taken out, so that a name is what it looks like: marks of direction, characters without width,
/// selectors where they select nothing. What can't be shown is refused.
struct DisplayName: Hashable, Sendable {
    /// The name in Unicode's normal form C, without what can't be seen, and with one plain space for white space.
    let value: String

    /// Cleans and checks a name.
    /// - Throws: `bad-request` unless 1 to 64 characters are left, one of them to be seen, and none of them is a control
    ///   character, unassigned or private, or one of too many marks on a letter.
    init(_ text: String) throws(RequestError) {
        // The rest costs something for each character.
        guard text.utf8.count <= 16 * Limits.displayName else { throw Self.badLength }
        let given = Self.trimmed(text.unicodeScalars)
        guard !given.contains(where: Self.isRefused) else { throw Self.unshowable }
        var name = Self.withPlainSpaces(Self.withoutInvisible(given))
        name = Array(Self.string(name).precomposedStringWithCanonicalMapping.unicodeScalars)
        name = Self.withoutClaims(name)
        guard (1...Limits.displayName).contains(name.count) else { throw Self.badLength }
        guard name.contains(where: \.isInk), !name[0].isMark, !Self.hasTooManyMarks(name) else {
            throw Self.unshowable
        }
        value = Self.string(name)
    }

    private static let badLength = RequestError.badRequest("name", limit: Limits.displayName)

    private static let unshowable = RequestError.badRequest("name")

    /// The most marks in a row: Hebrew with vowels and accents has three, Vietnamese without precomposed letters two.
    private static let mostMarks = 4

    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .surrogate, .privateUse, .unassigned: !scalar.properties.isDefaultIgnorableCodePoint
        default: false
        }
    }

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> [Unicode.Scalar] {
        let isInside = { (scalar: Unicode.Scalar) in !scalar.properties.isWhitespace }
        guard let first = scalars.firstIndex(where: isInside), let last = scalars.lastIndex(where: isInside) else {
            return []
        }
        return Array(scalars[first...last])
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var string = String.UnicodeScalarView()
        string.append(contentsOf: scalars)
        return String(string)
    }

    private static func hasTooManyMarks(_ scalars: [Unicode.Scalar]) -> Bool {
        var run = 0
        for scalar in scalars {
            run = scalar.isMark ? run + 1 : 0
            if run > mostMarks { return true }
        }
        return false
    }
}

// MARK: - What can't be seen

extension DisplayName {
    /// Takes out what is invisible, but for what shapes the characters beside it.
    private static func withoutInvisible(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var kept: [Unicode.Scalar] = []
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            if !scalar.isInvisible || shapes(scalar, after: kept, before: next) { kept.append(scalar) }
        }
        return kept
    }

    private static func shapes(
        _ scalar: Unicode.Scalar,
        after kept: [Unicode.Scalar],
        before next: Unicode.Scalar?
    ) -> Bool {
        guard let last = kept.last else { return false }
        switch scalar {
        // Text or emoji.
        case "\u{FE0E}", "\u{FE0F}":
            return last.isPictograph || (last.properties.isEmoji && next == "\u{20E3}")
        // Joins emoji, and letters of scripts that have joined and separate forms.
        case "\u{200D}", "\u{200C}":
            guard let next else { return false }
            if last.hasJoinedForms, next.hasJoinedForms { return true }
            let base = kept.last { $0 != "\u{FE0F}" && !$0.properties.isEmojiModifier }
            return scalar == "\u{200D}" && base?.isPictograph == true && next.isPictograph
        default:
            return false
        }
    }

    /// Puts one plain space for white space of any kind and length, and none at the ends.
    private static func withPlainSpaces(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(scalars.split(whereSeparator: \.properties.isWhitespace).joined(separator: [" "]))
    }
}

// MARK: - Claims

extension DisplayName {
    /// Takes `(you)` off the end, in any case, brackets and letters that look like it: the page marks oneself so.
    private static func withoutClaims(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var name = scalars[...]
        while let start = startOfClaim(name) {
            name = name[..<start]
            while let last = name.last, last.properties.isWhitespace || last.isOpeningBracket { name.removeLast() }
        }
        return Array(name)
    }

    private static func startOfClaim(_ name: ArraySlice<Unicode.Scalar>) -> Int? {
        guard let start = name.lastIndex(where: \.isOpeningBracket) else { return nil }
        // Each by itself, so that places stay the same; what looks like nothing does not count.
        let inside = name[(start + 1)...].flatMap { scalar in
            string([scalar]).decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
        }
        let letters = inside.filter { $0.properties.isAlphabetic }.map { lookalikes[$0] ?? $0 }
        return string(letters) == "you" ? start : nil
    }

    private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = [
        // Cyrillic, Greek, Armenian, small capitals and others.
        "\u{443}": "y", "\u{4AF}": "y", "\u{4B1}": "y", "\u{3B3}": "y", "\u{28F}": "y", "\u{1EFF}": "y", "\u{263}": "y",
        "\u{1D8C}": "y", "\u{10E7}": "y", "\u{43E}": "o", "\u{3BF}": "o", "\u{3C3}": "o", "\u{585}": "o",
        "\u{1D0F}": "o", "\u{F8}": "o", "\u{275}": "o", "\u{4E9}": "o", "\u{5E1}": "o", "\u{3C5}": "u", "\u{57D}": "u",
        "\u{1D1C}": "u", "\u{28B}": "u", "\u{446}": "u", "\u{289}": "u",
    ]
}

extension Unicode.Scalar {
    /// Whether nothing is to be seen of it by itself.
    fileprivate var isInvisible: Bool {
        properties.isDefaultIgnorableCodePoint || properties.generalCategory == .format
    }

    /// Whether it is to be seen by itself.
    fileprivate var isInk: Bool {
        switch properties.generalCategory {
        // The empty pattern of Braille is a symbol by its category.
        case .otherSymbol: value != 0x2800
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol:
            !isInvisible
        default: false
        }
    }

    fileprivate var isMark: Bool {
        guard !isInvisible else { return false }
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether it is a picture, and not a digit or sign that has a picture too.
    fileprivate var isPictograph: Bool { properties.isEmoji && value > 0xFF || value == 0xA9 || value == 0xAE }

    /// Whether it is a letter, or a mark on one, of a script whose letters change when they are joined.
    fileprivate var hasJoinedForms: Bool {
        switch value {
        // Arabic, Syriac, N'Ko, Mandaic and their like; the scripts of India; Myanmar and Khmer; Mongolian.
        case 0x0600...0x08FF, 0x0900...0x0DFF, 0x1000...0x109F, 0x1780...0x17FF, 0x1800...0x18AF:
            properties.isAlphabetic || isMark
        default: false
        }
    }

    fileprivate var isOpeningBracket: Bool {
        switch properties.generalCategory {
        case .openPunctuation, .initialPunctuation: true
        default: self == "<" || value == 0xFF1C
        }
    }
}

extension DisplayName: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
