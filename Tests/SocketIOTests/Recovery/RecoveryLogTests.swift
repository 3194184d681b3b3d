import Testing

@testable import SocketIO

/// Which events are due to whom, and what goes when there is too much.
@Suite struct RecoveryLogTests {
    private typealias Log = RecoveryLog<String>

    private static func selection(_ rooms: [String] = [], except: [String] = []) -> Log.Destination {
        .selection(BroadcastSelection(rooms: rooms, except: except))
    }

    @Test(arguments: [
        (Log.Destination.socket(id: "me"), true), (.socket(id: "you"), false), (selection(), true),
        (selection(["a"]), true), (selection(["c"]), false), (selection(["c", "b"]), true), (selection(["me"]), true),
        (selection(except: ["a"]), false), (selection(except: ["c"]), true), (selection(except: ["me"]), false),
        (selection(["a"], except: ["b"]), false), (selection(["a"], except: ["you"]), true),
        // A room that has the name of a client's id is not the client.
        (.socket(id: "a"), false),
    ])
    private func eventsAreDue(destination: Log.Destination, isDue: Bool) {
        #expect(destination.includes("me", in: ["a", "b"]) == isDue)
    }

    private func log(maximumCount: Int = 100, maximumBytes: Int = 1000, _ events: Range<UInt64>) -> Log {
        var log = Log(maximumCount: maximumCount, maximumBytes: maximumBytes)
        for event in events {
            log.append(
                "\(event)",
                offset: 1000 + event,
                to: .socket(id: event % 2 == 0 ? "even" : "odd"),
                byteCount: 10
            )
        }
        return log
    }

    private func missed(_ log: Log, after offset: UInt64, _ id: String) -> [String]? {
        log.position(after: offset).flatMap { log.missed(from: $0, by: id, in: [])?.map(\.packet) }
    }

    @Test func repeatsWhatFollows() {
        let log = log(0..<6)
        #expect(missed(log, after: 1001, "even") == ["2", "4"])
        #expect(missed(log, after: 1005, "odd") == [])
        #expect(missed(log, after: 999, "odd") == nil)
        #expect(missed(log, after: 1006, "odd") == nil)
        #expect(log.missed(from: 0, by: "odd", in: [])?.map(\.packet) == ["1", "3", "5"])
        #expect(log.missed(from: log.end, by: "odd", in: [])?.map(\.packet) == [])
        #expect(log.missed(from: log.end + 1, by: "odd", in: []) == nil)
    }

    @Test func orderIsThatOfTheLog() {
        var log = Log(maximumCount: 10, maximumBytes: 100)
        for offset: UInt64 in [3, 1, 2] {
            log.append("\(offset)", offset: offset, to: Self.selection(), byteCount: 1)
        }
        #expect(missed(log, after: 3, "me") == ["1", "2"])
        #expect(missed(log, after: 1, "me") == ["2"])
    }

    @Test func countIsLimited() {
        var log = log(maximumCount: 3, 0..<3)
        #expect(log.count == 3)
        #expect(log.missed(from: 0, by: "even", in: [])?.map(\.packet) == ["0", "2"])
        log.append("3", offset: 1003, to: .socket(id: "odd"), byteCount: 10)
        #expect(log.count == 3 && log.byteCount == 30)
        #expect(log.missed(from: 0, by: "even", in: []) == nil)
        #expect(log.missed(from: 1, by: "even", in: [])?.map(\.packet) == ["2"])
        #expect(missed(log, after: 1000, "even") == nil)
        #expect(missed(log, after: 1001, "even") == ["2"])
    }

    @Test func bytesAreLimited() {
        var log = log(maximumBytes: 30, 0..<3)
        #expect(log.count == 3)
        log.append("3", offset: 1003, to: .socket(id: "odd"), byteCount: 1)
        #expect(log.count == 3 && log.byteCount == 21)
        log.append("4", offset: 1004, to: .socket(id: "odd"), byteCount: 31)
        #expect(log.count == 0 && log.byteCount == 0)
        #expect(log.missed(from: 4, by: "odd", in: []) == nil)
        #expect(log.missed(from: 5, by: "odd", in: [])?.isEmpty == true)
    }

    @Test func positionsOutliveTheFreeingOfPlaces() {
        var log = log(maximumCount: 10, 0..<0)
        for event in 0..<1000 as Range<UInt64> {
            log.append("\(event)", offset: event, to: Self.selection(), byteCount: 1)
            let oldest = event < 10 ? 0 : event - 9
            #expect(log.end == event + 1)
            #expect(log.missed(from: oldest, by: "me", in: [])?.first?.packet == "\(oldest)")
            #expect(log.position(after: oldest) == oldest + 1)
            if oldest > 0 { #expect(log.missed(from: oldest - 1, by: "me", in: []) == nil) }
        }
    }
}

@Suite struct RecoverySessionsTests {
    private let start = ContinuousClock.now

    private func session(_ pid: String, endedAfter seconds: Int = 0) -> RecoverySession {
        RecoverySession(
            id: "id of \(pid)",
            pid: pid,
            rooms: [],
            data: SocketData(),
            start: 0,
            foreignOffset: nil,
            ended: start + .seconds(seconds)
        )
    }

    @Test func expireAfterTheirTime() {
        var sessions = RecoverySessions(maximumCount: 10, maximumAge: .seconds(120))
        sessions.insert(session("a"))
        sessions.insert(session("b", endedAfter: 1))
        #expect(sessions.remove("c", at: start) == nil)
        #expect(sessions.remove("a", at: start + .seconds(120))?.id == "id of a")
        #expect(sessions.remove("a", at: start + .seconds(120)) == nil)
        #expect(sessions.remove("b", at: start + .seconds(121) + .nanoseconds(1)) == nil)
        #expect(sessions.count == 0)
    }

    @Test func oldestGoFirst() {
        var sessions = RecoverySessions(maximumCount: 2, maximumAge: .seconds(120))
        for (index, pid) in ["a", "b", "c"].enumerated() { sessions.insert(session(pid, endedAfter: index)) }
        #expect(sessions.count == 2)
        #expect(sessions.remove("a", at: start) == nil)
        #expect(sessions.remove("b", at: start)?.pid == "b")
        // One that comes and goes counts from its last end.
        sessions.insert(session("b", endedAfter: 4))
        sessions.insert(session("d", endedAfter: 5))
        #expect(sessions.remove("c", at: start) == nil)
        #expect(sessions.remove("b", at: start) != nil)
        #expect(sessions.remove("d", at: start) != nil)
    }

    @Test func comingAndGoingLeavesNothingBehind() {
        var sessions = RecoverySessions(maximumCount: 3, maximumAge: .seconds(120))
        for round in 0..<1000 {
            sessions.insert(session("a", endedAfter: round))
            #expect(sessions.count == 1)
            if round % 2 == 0 { #expect(sessions.remove("a", at: start + .seconds(round)) != nil) }
        }
    }
}
