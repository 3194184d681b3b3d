import ACME
import Locking

/// The pages that a certificate authority looks for under `/.well-known/acme-challenge/` (RFC 8555 §8.3).
final class ChallengePages: Sendable {
    /// What their paths begin with.
    static let path = "/.well-known/acme-challenge/"

    private let pages = Mutex<[String: String]>([:])

    /// Shows pages, and no others any more.
    func show(_ answers: [ChallengeAnswer]) {
        let pages = answers.map { ($0.token, $0.keyAuthorization) }
        self.pages.withLock { $0 = Dictionary(pages) { first, _ in first } }
    }

    /// The page of a request.
    /// - Parameter target: The target of the request, a path.
    /// - Returns: The text; `nil` if there is no such page.
    func page(at target: String) -> String? {
        guard target.hasPrefix(Self.path) else { return nil }
        let token = String(target.dropFirst(Self.path.count))
        return pages.withLock { $0[token] }
    }
}
