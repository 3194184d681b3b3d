import HTTPTypes
import Hummingbird

/// Answers from a ``WebSite`` what no route answers, and tells browsers on every answer what its page may do.
struct WebMiddleware<Context: RequestContext>: RouterMiddleware {
    /// The page.
    let site: WebSite

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            response = answer(request)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        SecurityHeaders.add(to: &response.headers)
        return response
    }

    private func answer(_ request: Request) -> Response {
        let target = request.head.path ?? ""
        let path = target.prefix { $0 != "?" && $0 != "#" }
        let answer = site.answer(request.method, path: String(path), entityTags: request.headers[.ifNoneMatch])
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
