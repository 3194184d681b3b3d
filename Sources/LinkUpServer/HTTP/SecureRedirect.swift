import EngineIO
import NIOCore

/// Answers one plain HTTP request with the same address over TLS, or with what a certificate authority looks for, and
/// closes the connection.
final class SecureRedirect: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest head that is read: browsers' are a tenth of it.
    private static let maximumHeadLength = 8192
    /// How long the head may take.
    private static let timeout = TimeAmount.seconds(10)

    private let hosts: HostPolicy
    private let port: Int?
    private let pages: ChallengePages?
    private var head = ByteBuffer()
    private var isAnswered = false
    private var timer: Scheduled<Void>?

    /// Makes a handler for one connection.
    /// - Parameters:
    ///   - hosts: The names that the server has; it sends nobody to another.
    ///   - port: The port of TLS; the one that the client has come to unless given.
    ///   - pages: What a certificate authority looks for, if one does.
    init(hosts: HostPolicy, port: Int? = nil, pages: ChallengePages? = nil) {
        self.hosts = hosts
        self.port = port
        self.pages = pages
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var bytes = unwrapInboundIn(data)
        head.writeBuffer(&bytes)
        let lines = String(buffer: head).split(separator: "\r\n", omittingEmptySubsequences: false)
        // What follows the last line break is no line yet.
        if let end = lines.dropLast().firstIndex(of: "") {
            answer(Self.location(in: lines[..<end]), context)
        } else if head.readableBytes > Self.maximumHeadLength {
            answer(nil, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent:
            if !isAnswered { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ location: Location?, _ context: ChannelHandlerContext) {
        isAnswered = true
        let response = ByteBuffer(string: response(location))
        context.writeAndFlush(wrapOutboundOut(response)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private func response(_ location: Location?) -> String {
        guard let location else { return Self.response(nil, hosts: hosts) }
        if location.target.hasPrefix(ChallengePages.path), let pages { return Self.response(pages, location.target) }
        return Self.response(port.map { location.on(port: $0) } ?? location, hosts: hosts)
    }

    /// The answer to a certificate authority (RFC 8555 §8.3).
    static func response(_ pages: ChallengePages, _ target: String) -> String {
        let page = pages.page(at: target)
        let status = page == nil ? "404 Not Found" : "200 OK"
        let fields = "Content-Type: application/octet-stream\r\nContent-Length: \(page?.utf8.count ?? 0)\r\n"
        let rest = "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
        return "HTTP/1.1 \(status)\r\n\(fields)\(rest)\r\n\(page ?? "")"
    }

    /// The whole answer to a request.
    static func response(_ location: Location?, hosts: HostPolicy) -> String {
        let rest = "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
        guard let location else { return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\(rest)\r\n" }
        guard hosts.allows(location.host) else {
            let text = MisdirectedRequest.text(host: location.host)
            let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(text.utf8.count)\r\n"
            return "HTTP/1.1 421 Misdirected Request\r\n\(fields)\(rest)\r\n\(text)"
        }
        // 308 keeps method and body (RFC 9110 §15.4.9).
        return "HTTP/1.1 308 Permanent Redirect\r\nLocation: \(location)\r\nContent-Length: 0\r\n\(rest)\r\n"
    }

    /// Where a client is sent.
    struct Location: Equatable, CustomStringConvertible {
        /// The host that the client asked for, with its port.
        var host: String
        /// The target of its request.
        var target: String

        var description: String { "https://\(host)\(target)" }

        /// The same at another port, which is left out where it is that of HTTPS.
        func on(port: Int) -> Self {
            let end = host.hasPrefix("[") ? host.lastIndex(of: "]") : nil
            let colon = host[(end ?? host.startIndex)...].firstIndex(of: ":") ?? host.endIndex
            return Self(host: host[..<colon] + (port == 443 ? "" : ":\(port)"), target: target)
        }
    }

    /// The address of a request with `https` in place of `http`.
    /// - Parameter lines: The lines of the request's head.
    /// - Returns: The address; `nil` if the head has none that could stand in an answer.
    static func location(in lines: ArraySlice<Substring>) -> Location? {
        let request = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        let hosts = lines.dropFirst().compactMap { line -> Substring? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "host" else { return nil }
            return Substring(parts[1].drop { $0 == " " || $0 == "\t" })
        }
        guard request.count == 3, request[2].hasPrefix("HTTP/1."), request[1].hasPrefix("/"), let host = hosts.first,
            hosts.count == 1, !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte),
            request[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        return Location(host: String(host), target: String(request[1]))
    }

    /// What a host and a port are written with (RFC 3986 §3.2.2), IPv6 addresses included.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
