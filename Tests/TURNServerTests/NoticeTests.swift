import Locking
import Logging
import STUN
import Testing

@testable import TURNServer

/// Keeps what is logged.
private final class RecordingLog: Sendable {
    let lines = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: RecordingLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.level): \(event.message)") }
        }
    }
}

@Suite struct NoticeTests {
    private static let client = IPAddress(ipv4: 0x0808_0808)

    /// However often something happens in a minute, it is one line; each reason has its own.
    @Test func eachReasonHasALine() {
        let log = RecordingLog()
        var notices = RelayNotices(logger: log.logger)
        for _ in 0..<1000 {
            for code in [300, 401, 403, 437, 438, 486, 508] { notices.refused(code, Self.client) }
            notices.notOpened(TransportAddress(ip: Self.client, port: 1), errno: 24)
        }
        let lines = log.lines.withLock { $0 }
        #expect(lines.count == 6)
        #expect(lines.count { $0.hasPrefix("warning") } == 3)
    }

    /// Where relays reach each other alone, browsers are refused all other peers as a matter of course.
    @Test func expectedDenialsAreNoNews() {
        let log = RecordingLog()
        var notices = RelayNotices(logger: log.logger, expectsDenials: true)
        notices.refused(403, Self.client)
        notices.refused(401, Self.client)
        #expect(log.lines.withLock { $0.count } == 1)
    }

    @Test func connectionsHaveALineForEachReason() {
        let log = RecordingLog()
        let notices = StreamNotices(logger: log.logger)
        for _ in 0..<1000 {
            for reason in [StreamNotices.Reason.tooMany, .tooManyOfNetwork, .insecure, .invalid] {
                notices.tell(reason, of: Self.client)
            }
        }
        #expect(log.lines.withLock { $0.count } == 4)
    }
}
