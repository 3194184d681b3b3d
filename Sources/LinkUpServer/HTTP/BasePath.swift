/// The path below which the application lies, where it shares the name of another site.
public struct BasePath: Sendable, Equatable, CustomStringConvertible {
    /// The top of a site of one's own.
    public static let root = Self()

    /// The most bytes of a path: addresses of rooms go into chats and mails, and are to be read there.
    public static let maximumLength = 200

    /// The path with a slash at both ends: `/`, or `/talk/`.
    public let description: String

    private init() {
        description = "/"
    }

    /// Reads a path; slashes at its ends change nothing.
    ///
    /// Its parts are of letters, digits and `-._~` (RFC 3986 §2.3): no client writes these in another way, so that
    /// paths are compared as they are sent. None is `.` or `..`, which clients would resolve.
    /// - Returns: `nil` for anything else, and for a path that is too long.
    public init?(_ text: String) {
        var middle = text[...]
        if middle.first == "/" { middle.removeFirst() }
        if middle.last == "/" { middle.removeLast() }
        guard !middle.isEmpty else {
            guard text == "/" else { return nil }
            self = .root
            return
        }
        let parts = middle.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard middle.utf8.count <= Self.maximumLength, parts.allSatisfy(Self.isPart) else { return nil }
        description = "/\(middle)/"
    }

    /// The path without the slash at its end, which people leave away.
    var withoutSlash: String { String(description.dropLast()) }

    /// The rest of a path that lies below this one, without a slash before it; `nil` for any other.
    func rest(of path: String) -> String? {
        guard path.utf8.starts(with: description.utf8) else { return nil }
        return String(Substring(path.utf8.dropFirst(description.utf8.count)))
    }

    private static func isPart(_ part: Substring.UTF8View) -> Bool {
        guard !part.isEmpty, !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8) else { return false }
        return part.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }
}
