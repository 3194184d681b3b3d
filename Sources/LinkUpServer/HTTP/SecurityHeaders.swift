import Crypto
import EngineIO
import FoundationEssentials
import HTTPTypes

/// The fields that tell browsers what pages of this server may do.
enum SecurityHeaders {
    /// Allows nothing but what the page needs.
    ///
    /// That is its own scripts and styles, pictures and media that it makes itself, and connections to its own origin;
    /// `connect-src 'self'` covers WebSockets of the same origin in today's browsers.
    /// - Parameter styles: What stands in `<style>` elements of the page; nothing else there takes effect.
    /// - Returns: The value of `Content-Security-Policy`.
    static func contentSecurityPolicy(allowing styles: [String] = []) -> String {
        let digests = styles.map { " 'sha256-\(Data(SHA256.hash(data: Data($0.utf8))).base64EncodedString())'" }
        return [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'\(digests.joined())",
            "img-src 'self' data: blob:",
            "media-src 'self' blob: mediastream:",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ].joined(separator: "; ")
    }

    /// The fields of every answer.
    static let fields: HTTPFields = {
        var fields = HTTPFields()
        fields[.contentSecurityPolicy] = contentSecurityPolicy()
        fields[.xContentTypeOptions] = "nosniff"
        // Room names stand in addresses: links that people share in the chat must not tell them to other sites.
        fields[.referrerPolicy] = "no-referrer"
        fields[.permissionsPolicy] =
            "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), "
            + "fullscreen=(self), autoplay=(self), clipboard-write=(self), screen-wake-lock=(self), "
            + "geolocation=(), payment=(), usb=()"
        fields[.crossOriginOpenerPolicy] = "same-origin"
        // No other site may so much as see that there is something to load.
        fields[.crossOriginResourcePolicy] = "same-origin"
        return fields
    }()

    /// Keeps a browser that has been here over TLS from coming without, for a year (RFC 6797).
    static let transportSecurity = "max-age=31536000"

    /// Adds the fields to an answer; what it says itself stays.
    /// - Parameters:
    ///   - answer: The fields of the answer.
    ///   - isStrict: Whether browsers are to come over TLS only.
    static func add(to answer: inout HTTPFields, isStrict: Bool = false) {
        for field in fields where !answer.contains(field.name) {
            answer.append(field)
        }
        if isStrict { answer[.strictTransportSecurity] = transportSecurity }
    }

    /// The fields of Socket.IO's answers.
    static func engine(isStrict: Bool) -> [HandshakeRequest.HeaderField] {
        var fields: [HandshakeRequest.HeaderField] = [
            .init(name: "X-Content-Type-Options", value: "nosniff")
        ]
        if isStrict { fields.append(.init(name: "Strict-Transport-Security", value: transportSecurity)) }
        return fields
    }
}

extension HTTPField.Name {
    /// The name of the field, which consists of allowed characters only.
    private static func known(_ name: String) -> Self {
        guard let name = Self(name) else { preconditionFailure("\(name) is no name of a field") }
        return name
    }

    static let referrerPolicy = known("Referrer-Policy")
    static let permissionsPolicy = known("Permissions-Policy")
    static let crossOriginResourcePolicy = known("Cross-Origin-Resource-Policy")
    static let crossOriginOpenerPolicy = known("Cross-Origin-Opener-Policy")
}
