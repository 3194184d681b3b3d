import FoundationEssentials
import STUN

/// The files of `Tests/Vectors/STUN`.
enum Vectors {
    /// The messages published with RFC 5769 and RFC 8489, by name.
    static let rfc = load("rfc.txt")
    /// Requests that browsers sent, by name.
    static let browsers = load("browsers.txt")
    /// Every message of both files.
    static let all = rfc.merging(browsers) { first, _ in first }

    static let shortTerm = IntegrityKey.shortTerm(password: "VOkJxbRl1RmTxUk/WvJxBt")
    static let user = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}"
    static let longTermMD5 = IntegrityKey.longTermMD5(username: user, realm: "example.org", password: "TheMatrIX")
    static let longTermSHA256 = IntegrityKey.longTermSHA256(username: user, realm: "example.org", password: "TheMatrIX")

    /// The lines of a file that say something.
    static func lines(of file: String) -> [String] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let url = folder.appending(path: "Vectors/STUN/\(file)")
        guard let data = try? Data(contentsOf: url) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init).filter {
            !$0.hasPrefix("#")
        }
    }

    private static func load(_ file: String) -> [String: [UInt8]] {
        var messages: [String: [UInt8]] = [:]
        var name = ""
        for line in lines(of: file) {
            if line.hasPrefix("= ") {
                name = String(line.dropFirst(2))
            } else {
                messages[name, default: []] += bytes(hex: line)
            }
        }
        return messages
    }
}

/// The bytes that `hex` writes out; blanks are skipped.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A message as a value that outlives its bytes.
struct MessageContents: Equatable {
    struct Attribute: Equatable {
        var type: AttributeType
        var value: [UInt8]
    }

    var type: MessageType
    var transactionID: TransactionID
    var attributes: [Attribute] = []

    init(_ bytes: [UInt8]) throws(STUNError) {
        let message = try STUNMessage(bytes.span)
        type = message.type
        transactionID = message.transactionID
        var walk = message.attributes
        while let attribute = walk.next() {
            attributes.append(Attribute(type: attribute.type, value: copy(attribute.value)))
        }
    }
}

/// The bytes of `span`.
func copy(_ span: Span<UInt8>) -> [UInt8] {
    span.indices.map { span[$0] }
}

/// A Binding request of the given attributes, each with its value in hexadecimal, as anybody might send it.
func request(_ attributes: [(type: UInt16, value: String)], type: UInt16 = 0x0001) -> [UInt8] {
    var body: [UInt8] = []
    for attribute in attributes {
        let value = bytes(hex: attribute.value)
        body += [UInt8(attribute.type >> 8), UInt8(attribute.type & 0xFF)]
        body += [UInt8(value.count >> 8), UInt8(value.count & 0xFF)]
        body += value + Array(repeating: 0xAA, count: -value.count & 3)
    }
    let header = [UInt8(type >> 8), UInt8(type & 0xFF), UInt8(body.count >> 8), UInt8(body.count & 0xFF)]
    return header + bytes(hex: "2112a442 000102030405060708090a0b") + body
}

/// The error with which `body` ends, or `nil`.
func failure(of body: () throws(STUNError) -> Void) -> STUNError? {
    do throws(STUNError) {
        try body()
        return nil
    } catch {
        return error
    }
}
