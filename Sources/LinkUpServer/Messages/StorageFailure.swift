import GRDB

/// Why a message could not be stored, or the history not be read.
enum StorageFailure: Error, Equatable, Sendable {
    /// The disk has no room, or less than is kept free.
    case diskFull
    /// The history has its largest size.
    case historyFull
    /// Another process holds the database.
    case locked
    /// The file is no database any more.
    case damaged
    /// The file was deleted or replaced, and again while a new one was opened.
    case gone
    /// So many messages wait for the disk that no more may.
    case overloaded
    /// The server stops.
    case closed
    /// Something else, in SQLite's or the system's words.
    case unusable(String)

    /// Finds out what an error of SQLite means.
    ///
    /// Takes SQLite's own sentence only: what stands in the statement is nobody's business.
    init(_ error: any Error) {
        if let failure = error as? Self {
            self = failure
            return
        }
        guard let error = error as? DatabaseError else {
            self = .unusable("\(error)")
            return
        }
        switch error.resultCode {
        case .SQLITE_FULL: self = .diskFull
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged
        default: self = .unusable(error.message ?? "\(error.resultCode)")
        }
    }
}

extension StorageFailure: CustomStringConvertible {
    /// A part of a sentence for the operator.
    var description: String {
        switch self {
        case .diskFull: "the disk is full, or nearly so"
        case .historyFull: "the history has its largest size"
        case .locked: "another process holds the file"
        case .damaged: "the file is damaged: put a copy of it in its place, or delete it to begin a new one"
        case .gone: "the file was deleted or replaced"
        case .overloaded: "the disk is too slow for what is said"
        case .closed: "it is closed"
        case .unusable(let words): words
        }
    }
}
