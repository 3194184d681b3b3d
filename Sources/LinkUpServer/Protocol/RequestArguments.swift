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
            throw .badRequest("", limit: maxBytes)
        }
        guard let value = try? argument.decode(JSONValue.self) else {
            throw .badRequest("")
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
        default: throw .badRequest("")
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
        guard case .string(let string) = value else { throw .badRequest(name) }
        return string
    }

    /// A string.
    /// - Throws: `bad-request` when it is missing or of another type.
    func string(_ name: String) throws(RequestError) -> String {
        guard let string = try stringIfPresent(name) else { throw .badRequest(name) }
        return string
    }

    /// One of a few codes; `nil` when it is missing.
    /// - Throws: `bad-request` when it is none of them, or of another type.
    func codeIfPresent<Code: RawRepresentable<String>>(_ name: String) throws(RequestError) -> Code? {
        guard let text = try stringIfPresent(name) else { return nil }
        guard let code = Code(rawValue: text) else { throw .badRequest(name) }
        return code
    }

    /// One of a few codes.
    /// - Throws: `bad-request` when it is missing, none of them or of another type.
    func code<Code: RawRepresentable<String>>(_ name: String) throws(RequestError) -> Code {
        guard let code: Code = try codeIfPresent(name) else { throw .badRequest(name) }
        return code
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
        throw .badRequest(name)
    }

    /// An integer.
    /// - Throws: `bad-request` when it is missing, of another type, has a fraction or doesn't fit.
    func integer(_ name: String) throws(RequestError) -> Int64 {
        guard let integer = try integerIfPresent(name) else { throw .badRequest(name) }
        return integer
    }

    /// A Boolean; `nil` when it is missing.
    /// - Throws: `bad-request` when it is of another type.
    func booleanIfPresent(_ name: String) throws(RequestError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let boolean) = value else { throw .badRequest(name) }
        return boolean
    }

    /// A Boolean.
    /// - Throws: `bad-request` when it is missing or of another type.
    func boolean(_ name: String) throws(RequestError) -> Bool {
        guard let boolean = try booleanIfPresent(name) else { throw .badRequest(name) }
        return boolean
    }

    /// An object whose members are checked in turn; `nil` when it is missing.
    /// - Throws: `bad-request` when it is of another type.
    func objectIfPresent(_ name: String) throws(RequestError) -> Self? {
        guard let value = value(name) else { return nil }
        guard case .object = value else { throw .badRequest(name) }
        return try Self(value)
    }

    /// The id of a member, be there one of it or not.
    /// - Throws: `bad-request` when it is missing, too long or of another type.
    func memberID(_ name: String) throws(RequestError) -> MemberID {
        let id = try string(name)
        guard id.utf8.count <= Limits.memberID else { throw .badRequest(name, limit: Limits.memberID) }
        return MemberID(id)
    }
}
