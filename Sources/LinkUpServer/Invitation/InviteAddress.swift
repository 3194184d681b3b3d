import EngineIO

/// The address of a room of this server, as people open it.
struct InviteAddress: Hashable, Sendable {
    /// The address.
    let value: String

    /// Makes the address that a page asks for.
    ///
    /// Of the origin that the page has, since a proxy in between may have changed scheme and port; and of no other
    /// site's, so that nobody lets this server draw the way to somewhere else: then there is no address.
    /// - Parameters:
    ///   - room: The room.
    ///   - origin: Scheme and authority, as `location.origin` has them.
    ///   - host: The field `Host` of the request; one of this server's names.
    ///   - publicHosts: The names under which the operator says that the page is opened.
    ///   - base: The path below which all of it lies.
    init?(_ room: RoomName, origin: String, host: String?, publicHosts: [String], base: BasePath) {
        guard let origin = Protections.origin(origin), let start = origin.firstRange(of: "://")?.upperBound else {
            return nil
        }
        let authority = String(origin[start...])
        let names = HostPolicy(publicHosts).names
        let isPublic = Self.name(authority).map { names.contains($0) } ?? false
        guard authority == host?.lowercased() || isPublic else { return nil }
        value = "\(origin)\(base)r/\(room.value)"
    }

    /// The name in an authority, without its port.
    private static func name(_ authority: String) -> String? {
        HostPolicy([authority]).names.first
    }
}
