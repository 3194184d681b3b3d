import EngineIO
import HTTPTypes
import Hummingbird

/// Answers from a ``WebSite`` what no route answers, and tells browsers on every answer what its page may do.
struct WebMiddleware<Context: RequestContext>: RouterMiddleware {
    /// The page.
    let site: WebSite
    /// The names under which the page may be asked for.
    let hosts: HostPolicy
    /// Counts the answers.
    let responses: ResponseCounters
    /// Whether browsers are to come over TLS only.
    let isStrict: Bool

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await isMisdirected(request) ? misdirected(request) : next(request, context)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            response = answer(request)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        responses.count(status: response.status.code)
        SecurityHeaders.add(to: &response.headers, isStrict: isStrict)
        return response
    }

    /// Whether the request is for a host that this server is not.
    ///
    /// Whoever watches over servers asks for what they feel like by whatever name they have for them; what they learn is
    /// no secret.
    private func isMisdirected(_ request: Request) -> Bool {
        !hosts.allows(request.head.authority) && !["/healthz", "/readyz"].contains(request.uri.path)
    }

    private func misdirected(_ request: Request) -> Response {
        let text = MisdirectedRequest.text(host: request.head.authority)
        return Response(
            status: .misdirectedRequest,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: request.method == .head ? "" : text))
        )
    }

    private func answer(_ request: Request) -> Response {
        let answer = site.answer(
            request.method,
            request.head.path ?? "",
            entityTags: request.headers[.ifNoneMatch],
            codings: request.headers[.acceptEncoding],
            wantsPage: request.headers[.accept]?.contains("text/html") ?? false
        )
        var response = Response(
            status: answer.status,
            headers: answer.fields,
            body: ResponseBody(byteBuffer: answer.body)
        )
        // The framework counts the empty body of a 304, but the field would stand for the file's length there.
        if answer.status == .notModified { response.headers[.contentLength] = nil }
        return response
    }
}

/// A request under a name that the server does not have (RFC 9110, section 15.5.20).
enum MisdirectedRequest {
    /// What the operator is told, who is likely to be the first to see it.
    static func text(host: String?) -> String {
        // What is no name is not repeated.
        let name = host.flatMap(Protections.host) ?? "NAME"
        return "This server is not known as \(name). If it is yours, start it with --public-host \(name).\n"
    }
}
