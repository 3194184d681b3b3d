import EngineIO
import NIOHTTP1

extension HTTPRequestRules {
    /// Checks the head of a request.
    static func check(_ head: HTTPRequestHead) throws(HTTPViolation) -> HTTPRequestHeadFacts {
        var fields = Fields()
        for (name, value) in head.headers { fields.add(name, value) }
        return try check(
            method: head.method.rawValue,
            target: head.uri,
            minorVersion: head.version.minor,
            // NIO's decoder reads nothing more after a request for another protocol, granted or not.
            persists: head.isKeepAlive && !head.headers.contains(name: "Upgrade"),
            fields: fields
        )
    }
}

extension HTTPViolation {
    /// What the decoder of HTTP found.
    init(_ error: HTTPParserError) {
        self =
            switch error {
            case .headerOverflow: .headTooLarge
            case .invalidVersion: .versionNotSupported
            default: .badRequest
            }
    }
}
