import Certificates
import GRDB

/// A copy of a database that is made before its tables change, to go back to the program that made them.
struct DatabaseCopy {
    /// The copy could not be made; the database is as it was.
    struct Failure: Error, CustomStringConvertible {
        /// The copy.
        var path: String
        /// Why.
        var reason: StorageFailure

        /// A part of a sentence for the operator.
        var description: String { "cannot keep a copy of it in \(path): \(reason)" }
    }

    /// Where it stands.
    let path: String

    /// Names the copy.
    /// - Parameters:
    ///   - path: The database.
    ///   - version: The version of the tables that come.
    init(of path: String, before version: Int) {
        self.path = "\(path).before-\(version)"
    }

    /// Makes the copy: whole under its name or not at all, and for this user alone.
    ///
    /// A copy that is there is from a start that did not come to its end, or from before somebody went back to it.
    /// - Throws: ``Failure``.
    func make(from pool: DatabasePool) throws {
        let draft = "\(path).part"
        DatabaseFiles.remove(draft)
        defer { DatabaseFiles.remove(draft) }
        do {
            DatabaseFiles.prepare(draft)
            let queue = try DatabaseQueue(path: draft)
            try pool.backup(to: queue)
            try queue.close()
            try PrivateFile.move(draft, to: path)
        } catch {
            throw Failure(path: path, reason: StorageFailure(error))
        }
    }
}
