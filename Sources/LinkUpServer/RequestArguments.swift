import NIOCore
import SocketIO

/// The one argument of a request: an object whose members are checked one by one.
struct RequestArguments: Sendable {
    private let members: JSONObject
    /// The bytes of JSON that it came as; 0 when it did not come from a client.
    private(set) var byteCount = 0

    /// Decodes the argument of a request.
    /// - Parameters:
    ///   - arguments: What the client sent.
    ///   - maxBytes: How many bytes of JSON it may have; what has more is not decoded.
    /// - Throws: `bad-request` when it has more, or is anything but an object.
    init(_ arguments: SocketArguments, maxBytes: Int) throws(RequestError) {
        guard let argument = arguments[0] else {
            try self.init(.null)
            return
        }
        guard argument.json.readableBytes <= maxBytes else {
            throw .badRequest("The argument must be at most \(maxBytes) bytes of JSON.")
        }
        guard let value = try? argument.decode(JSONValue.self) else {
            throw .badRequest("The argument must be an object.")
        }
        try self.init(value)
        byteCount = argument.json.readableBytes
    }

    /// Takes the argument; none at all counts as an object without members.
    /// - Throws: `bad-request` when it is anything but an object.
    init(_ argument: JSONValue) throws(RequestError) {
        switch argument {
        case .object(let members): self.members = members
        case .null: members = [:]
        default: throw .badRequest("The argument must be an object.")
        }
    }

    /// A member of any type; `nil` when it is missing or `null`.
    func value(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// A string; `nil` when it is missing.
    /// - Throws: `bad-request` when it is of another type.
    func stringIfPresent(_ name: String) throws(RequestError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let string) = value else { throw .badRequest("`\(name)` must be a string.") }
        return string
    }

    /// A string.
    /// - Throws: `bad-request` when it is missing or of another type.
    func string(_ name: String) throws(RequestError) -> String {
        guard let string = try stringIfPresent(name) else { throw .badRequest("`\(name)` is missing.") }
        return string
    }

    /// An integer; `nil` when it is missing.
    /// - Throws: `bad-request` when it is of another type, has a fraction or doesn't fit.
    func integerIfPresent(_ name: String) throws(RequestError) -> Int64? {
        guard let value = value(name) else { return nil }
        switch value {
        case .int(let integer):
            return Int64(integer)
        case .double(let double):
            if let integer = Int64(exactly: double) { return integer }
        default:
            break
        }
        throw .badRequest("`\(name)` must be an integer.")
    }

    /// An integer.
    /// - Throws: `bad-request` when it is missing, of another type, has a fraction or doesn't fit.
    func integer(_ name: String) throws(RequestError) -> Int64 {
        guard let integer = try integerIfPresent(name) else { throw .badRequest("`\(name)` is missing.") }
        return integer
    }

    /// A Boolean.
    /// - Throws: `bad-request` when it is missing or of another type.
    func boolean(_ name: String) throws(RequestError) -> Bool {
        guard let value = value(name) else { throw .badRequest("`\(name)` is missing.") }
        guard case .bool(let boolean) = value else { throw .badRequest("`\(name)` must be true or false.") }
        return boolean
    }
}
