import EngineIO
import HTTPTypes
import Hummingbird
import Locking
import NIOCore

/// Answers `GET …/api/qr.svg?room=…&origin=…` with the address of a room as a picture.
final class InviteCodes: Sendable {
    /// So many pictures are kept, of 3 kB each: the rooms that are entered these minutes.
    static let kept = 256

    private let publicHosts: [String]
    private let base: BasePath
    private let pictures = Mutex<[InviteAddress: String]>([:])

    /// Makes the answers.
    /// - Parameters:
    ///   - publicHosts: The names under which the page is opened.
    ///   - base: The path below which all of it lies.
    init(publicHosts: [String], base: BasePath) {
        self.publicHosts = publicHosts
        self.base = base
    }

    /// How many pictures are kept at the moment.
    var count: Int { pictures.withLock(\.count) }

    /// Answers a request.
    func answer(_ request: Request) -> Response {
        let query = request.uri.queryParameters
        let picture = picture(
            room: query["room"].map(String.init),
            origin: query["origin"].map(String.init),
            host: request.head.authority
        )
        guard let picture else {
            return Response(
                status: .notFound,
                headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "This is no address of this server.\n"))
            )
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "image/svg+xml",
                // What it shows stands in the address, so that it never changes; a room's name is nobody else's matter.
                .cacheControl: "private, max-age=86400",
                // Whoever opens it by itself opens a picture, and nothing that acts.
                .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: picture))
        )
    }

    /// The picture of the address of a room.
    /// - Returns: `nil` when that is no address of this server.
    func picture(room: String?, origin: String?, host: String?) -> String? {
        guard let room = room.flatMap({ try? RoomName($0) }), let origin,
            let address = InviteAddress(room, origin: origin, host: host, publicHosts: publicHosts, base: base)
        else { return nil }
        if let known = pictures.withLock({ $0[address] }) { return known }
        guard let picture = QRCode(address.value)?.svg else { return nil }
        pictures.withLock { pictures in
            // All of them: which are asked for again nobody knows, and each is made in less than a millisecond.
            if pictures.count >= Self.kept { pictures = [:] }
            pictures[address] = picture
        }
        return picture
    }
}
