import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Errors that are the acknowledgement, beside those that are not.
@Suite struct AcknowledgeableErrorTests {
    private let fixture = Fixture()
    private let errors = Journal<String>()

    private struct Refused: AcknowledgeableError, Encodable {
        var refused: String
    }

    private struct InTwoParts: AcknowledgeableError {
        var acknowledgement: SocketArguments { get throws { try SocketArguments(encoding: "no", 2) } }
    }

    private struct NotEncodable: AcknowledgeableError, Encodable {
        func encode(to encoder: any Encoder) throws {
            throw EncodingError.invalidValue(0, .init(codingPath: [], debugDescription: "never"))
        }
    }

    private struct Failure: Error, Encodable {}

    /// What can throw an error while an event is handled.
    enum Place: CaseIterable {
        case plain
        case answering
        case raw
        case once
        case keyed
        case asynchronous
        case asynchronousAnswering
        case asynchronousKeyed
        case middleware
        case asynchronousMiddleware

        func add(to socket: Socket, throwing error: any Error) {
            switch self {
            case .plain: socket.on("e") { () throws in throw error }
            case .answering: socket.on("e") { () throws -> Int in throw error }
            case .raw: socket.on("e", raw: { _, _ in throw error })
            case .once: socket.once("e") { () throws -> Int in throw error }
            case .keyed: socket.on(Event<Int>("e")) { () throws -> Int in throw error }
            case .asynchronous: socket.on("e") { () async throws in throw error }
            case .asynchronousAnswering: socket.on("e") { () async throws -> Int in throw error }
            case .asynchronousKeyed: socket.on(Event<Int>("e")) { () async throws -> Int in throw error }
            case .middleware: socket.use { _, _ in throw error }
            case .asynchronousMiddleware: socket.use { _, _ async throws in throw error }
            }
        }
    }

    /// What the client is answered, and how it is logged.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: any Error
        let answer: TestConnection.Message?
        let isFailure: Bool

        static let all: [Self] = [
            Self(
                testDescription: "encodable",
                error: Refused(refused: "full"),
                answer: "437[{\"refused\":\"full\"}]",
                isFailure: false
            ),
            Self(testDescription: "several", error: InTwoParts(), answer: "437[\"no\",2]", isFailure: false),
            Self(testDescription: "can't be encoded", error: NotEncodable(), answer: nil, isFailure: true),
            Self(testDescription: "another", error: Failure(), answer: nil, isFailure: true),
        ]
    }

    private func serve(_ error: any Error, at place: Place) {
        fixture.io.onConnection { [errors] socket in
            socket.onError { errors.add("\(type(of: $0))") }
            place.add(to: socket, throwing: error)
        }
    }

    @Test(arguments: Place.allCases, Case.all)
    func errorsAnswer(place: Place, testCase: Case) {
        serve(testCase.error, at: place)
        let client = fixture.join()
        client.receive("427[\"e\"]")
        #expect(client.takeSent() == (testCase.answer.map { [$0] } ?? []))
        #expect(errors.entries == ["\(type(of: testCase.error))"])
        let isMiddleware = place == .middleware || place == .asynchronousMiddleware
        let failures = fixture.log.entries.filter { $0.hasPrefix("error") }
        // What a middleware throws is never the server's failure, but what can't be encoded is.
        let isFailure = testCase.isFailure && !(isMiddleware && testCase.error is Failure)
        #expect(failures.count == (isFailure ? 1 : 0), "\(failures)")
        #expect(!client.isClosed)
    }

    /// A client that does not wait is not answered, and can't fill the log with errors all the same.
    @Test(arguments: Place.allCases)
    func nobodyIsAnsweredWhoDoesNotWait(place: Place) {
        serve(Refused(refused: "full"), at: place)
        let client = fixture.join()
        client.receive("42[\"e\"]")
        #expect(client.takeSent() == [])
        #expect(errors.entries == ["Refused"])
        #expect(fixture.log.entries.allSatisfy { !$0.hasPrefix("error") })
    }

    @Test func theFirstAnswerCounts() {
        fixture.io.onConnection { socket in
            socket.on(
                "late",
                raw: { _, acknowledge in
                    acknowledge?("first")
                    throw Refused(refused: "second")
                }
            )
            socket.on("two") { () throws -> Int in throw Refused(refused: "first") }
            socket.on("two") { 2 }
        }
        let client = fixture.join()
        client.receive("421[\"late\"]", "422[\"two\"]", "423[\"two\"]")
        #expect(
            client.takeSent() == ["431[\"first\"]", "432[{\"refused\":\"first\"}]", "433[{\"refused\":\"first\"}]"]
        )
    }

    /// An answer that was lost on the way out of a handler is not another event's.
    @Test func answersStayWithTheirEvents() {
        fixture.io.onConnection { socket in
            socket.on("maybe") { (number: Int) throws -> Int in
                if number % 2 == 1 { throw Refused(refused: "\(number)") }
                return number
            }
        }
        let client = fixture.join()
        for number in 0..<4 { client.receive(.text("42\(number)[\"maybe\",\(number)]")) }
        #expect(client.takeSent() == ["430[0]", "431[{\"refused\":\"1\"}]", "432[2]", "433[{\"refused\":\"3\"}]"])
    }

    @Test(arguments: [true, false])
    func aSocketThatIsGoneIsNotAnswered(closes: Bool) {
        let gate = Turnstile()
        fixture.io.onConnection { [errors] socket in
            socket.onError { errors.add("\(type(of: $0))") }
            socket.on("e") { () async throws -> Int in
                await gate.pass()
                throw Refused(refused: "late")
            }
        }
        let client = fixture.join()
        client.receive("421[\"e\"]", closes ? .closed : "41")
        _ = client.takeSent()
        gate.openAll()
        fixture.loop.turn()
        #expect(client.takeSent() == [])
        #expect(errors.entries == [])
    }

    /// Arguments that don't fit are as before: nobody is answered.
    @Test func argumentsThatDoNotFitAnswerNothing() {
        fixture.io.onConnection { socket in socket.on("e") { (number: Int) in number } }
        let client = fixture.join()
        client.receive("421[\"e\",\"x\"]")
        #expect(client.takeSent() == [])
    }
}
