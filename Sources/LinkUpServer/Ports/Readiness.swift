import Hummingbird

/// Whether the server can do all that it is there for, for load balancers and people.
struct Readiness: Sendable {
    /// What it can't do, a line each; calls and files may go on all the same.
    let problems: [String]

    /// Makes a report of problems.
    init(_ problems: [String]) {
        self.problems = problems
    }

    /// 200 and `ok`, or 503 and the problems.
    var response: Response {
        let text = problems.isEmpty ? "ok\n" : problems.map { "\($0)\n" }.joined()
        return Response(
            status: problems.isEmpty ? .ok : .serviceUnavailable,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
