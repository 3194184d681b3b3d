import NIOCore
import Testing

@testable import SocketIO

@Suite struct PacketTests {
    private func packet(
        _ text: String,
        maximumAttachments: Int = 10,
        maximumArguments: Int = .max,
        allowsQuery: Bool = false
    ) throws(PacketError) -> Packet {
        try Packet(
            ByteBuffer(string: text),
            limits: ParserLimits(maxAttachments: maximumAttachments, maxArguments: maximumArguments),
            allowsQuery: allowsQuery
        )
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var type: PacketType
        var namespace: String?
        var id: UInt64?
        var attachments = 0
        var payload = ""
        var event = ""

        var testDescription: String { text }
    }

    static let rows: [Row] = [
        Row(text: "0", type: .connect),
        Row(text: "0{\"token\":\"x\"}", type: .connect, payload: "{\"token\":\"x\"}"),
        Row(text: "0/admin,", type: .connect, namespace: "/admin"),
        Row(text: "0/admin", type: .connect, namespace: "/admin"),
        Row(text: "0/,", type: .connect),
        Row(text: "0/admin,{}", type: .connect, namespace: "/admin", payload: "{}"),
        Row(text: "0/a?b=c,", type: .connect, namespace: "/a?b=c"),
        Row(text: "1", type: .disconnect),
        Row(text: "1/admin,", type: .disconnect, namespace: "/admin"),
        Row(text: "2[\"hello\",1]", type: .event, payload: "[\"hello\",1]", event: "hello"),
        Row(text: "2/admin,12[\"a\"]", type: .event, namespace: "/admin", id: 12, payload: "[\"a\"]", event: "a"),
        Row(text: "20[\"a\"]", type: .event, id: 0, payload: "[\"a\"]", event: "a"),
        Row(text: "2[7]", type: .event, payload: "[7]", event: "7"),
        Row(text: "2[\"\\u0061\"]", type: .event, payload: "[\"\\u0061\"]", event: "a"),
        Row(text: "29007199254740991[\"a\"]", type: .event, id: 9_007_199_254_740_991, payload: "[\"a\"]", event: "a"),
        Row(
            text: "2[\"\\ud83d\\ude00\\n\",{}]",
            type: .event,
            payload: "[\"\\ud83d\\ude00\\n\",{}]",
            event: "😀\n"
        ),
        Row(text: "312[\"ok\"]", type: .acknowledgement, id: 12, payload: "[\"ok\"]"),
        Row(text: "3/admin,12[]", type: .acknowledgement, namespace: "/admin", id: 12, payload: "[]"),
        Row(text: "4{\"message\":\"x\"}", type: .connectError, payload: "{\"message\":\"x\"}"),
        Row(text: "4\"x\"", type: .connectError, payload: "\"x\""),
        Row(text: "51-[\"b\",{}]", type: .binaryEvent, attachments: 1, payload: "[\"b\",{}]", event: "b"),
        Row(
            text: "52-/admin,12[\"b\"]",
            type: .binaryEvent,
            namespace: "/admin",
            id: 12,
            attachments: 2,
            payload: "[\"b\"]",
            event: "b"
        ),
        Row(text: "61-12[{}]", type: .binaryAcknowledgement, id: 12, attachments: 1, payload: "[{}]"),
    ]

    @Test(arguments: rows)
    func decodes(row: Row) throws {
        let packet = try packet(row.text)
        #expect(packet.type == row.type)
        #expect(packet.namespace.map { String(buffer: $0) } == row.namespace)
        #expect(packet.id == row.id)
        #expect(packet.attachmentCount == row.attachments)
        #expect(String(buffer: packet.payload) == row.payload)
        #expect(packet.arguments.eventName == row.event)
    }

    @Test(arguments: rows)
    func everyTruncationIsDecodedOrRefused(row: Row) {
        // What a truncation means depends on where it falls; that none traps is the point.
        for length in 0..<row.text.utf8.count {
            let text = String(row.text.prefix(length))
            guard let packet = try? packet(text) else { continue }
            #expect(packet.payload.readableBytes <= length)
        }
    }

    static let bad: [(String, PacketError)] = [
        ("", .unknownType), ("abc", .unknownType), ("7", .unknownType), ("b", .unknownType),
        ("0[]", .unexpectedPayload), ("0null", .unexpectedPayload), ("0\"a\"", .unexpectedPayload),
        ("0{", .malformedJSON), ("0/a,x", .malformedJSON),
        ("1{}", .unexpectedPayload), ("1[]", .unexpectedPayload), ("1/a,{}", .unexpectedPayload),
        ("2", .malformedJSON), ("2{}", .unexpectedPayload), ("2\"a\"", .unexpectedPayload),
        ("2[]", .unexpectedPayload), ("2[null]", .unexpectedPayload), ("2[{}]", .unexpectedPayload),
        ("2[true]", .unexpectedPayload), ("2abc[\"message-with-ack\",1]", .malformedJSON), ("2[\"a\"", .malformedJSON),
        ("2[\"a\"]x", .malformedJSON), ("2-1[\"a\"]", .malformedJSON), ("2/a", .malformedJSON),
        ("29007199254740992[\"a\"]", .malformedIdentifier), ("299999999999999999999[\"a\"]", .malformedIdentifier),
        ("2[\"connect\"]", .reservedEvent), ("2[\"connect_error\"]", .reservedEvent),
        ("2[\"disconnect\"]", .reservedEvent), ("2[\"disconnecting\"]", .reservedEvent),
        ("2[\"newListener\"]", .reservedEvent), ("2[\"removeListener\"]", .reservedEvent),
        ("2[\"\\u0063onnect\"]", .reservedEvent), ("2[\"\\u0072emoveListener\"]", .reservedEvent),
        ("3", .malformedJSON), ("30{}", .unexpectedPayload), ("4", .malformedJSON), ("4[]", .unexpectedPayload),
        ("41", .malformedJSON),
        ("5", .malformedAttachmentCount), ("5[\"a\"]", .malformedAttachmentCount),
        ("5-[\"a\"]", .malformedAttachmentCount), ("51[\"a\"]", .malformedAttachmentCount),
        ("5a-[\"a\"]", .malformedAttachmentCount), ("5-1-[\"a\"]", .malformedAttachmentCount),
        ("51.5-[\"a\"]", .malformedAttachmentCount), ("511-[\"a\"]", .tooManyAttachments),
        ("599999999999999999999-[\"a\"]", .tooManyAttachments), ("6", .malformedAttachmentCount),
        ("51-[]", .unexpectedPayload), ("51-", .malformedJSON),
    ]

    @Test(arguments: bad)
    func refuses(text: String, error: PacketError) {
        #expect(throws: error) { try packet(text) }
    }

    @Test func limitsAttachments() throws {
        #expect(try packet("510-[\"a\"]").attachmentCount == 10)
        #expect(throws: PacketError.tooManyAttachments) { try packet("511-[\"a\"]") }
        #expect(try packet("53-[\"a\"]", maximumAttachments: 3).attachmentCount == 3)
        #expect(throws: PacketError.tooManyAttachments) { try packet("54-[\"a\"]", maximumAttachments: 3) }
        #expect(throws: PacketError.tooManyAttachments) { try packet("51-[\"a\"]", maximumAttachments: 0) }
    }

    /// The name of an event is no argument.
    @Test(arguments: [0, 1, 3, 4, 1000], ["2[\"a\",", "21[\"a\",", "50-[1,", "30[", "60-0["])
    func limitsArguments(maximum: Int, start: String) throws {
        let text = { (count: Int) in start + Array(repeating: "0", count: count).joined(separator: ",") + "]" }
        if maximum > 0 { #expect(try packet(text(maximum), maximumArguments: maximum).arguments.count == maximum) }
        #expect(throws: PacketError.tooManyArguments) { try packet(text(maximum + 1), maximumArguments: maximum) }
        // What comes behind is not looked at.
        #expect(throws: PacketError.tooManyArguments) {
            try packet(text(maximum + 1) + "no JSON", maximumArguments: maximum)
        }
        #expect(try packet(text(5000), maximumArguments: .max).arguments.count == 5000)
    }

    @Test func splitsTheQueryOfProtocol3() throws {
        let packet = try packet("0/a?b=c&d=e,", allowsQuery: true)
        #expect(packet.namespace.map { String(buffer: $0) } == "/a")
        #expect(packet.query.map { QueryString.parse($0) } == ["b": "c", "d": "e"])
        let query = "a=1&b=%26%3D+x&c&=d&e=%zz&f=%4"
        #expect(
            QueryString.parse(ByteBuffer(string: query))
                == ["a": "1", "b": "&= x", "c": "", "": "d", "e": "%zz", "f": "%4"]
        )
    }
}

@Suite struct PlaceholderTests {
    private func find(_ text: String, _ count: Int) throws -> [Placeholder] {
        try Placeholder.find(in: ByteBuffer(string: text), from: 0, attachmentCount: count)
    }

    @Test func findsPlaceholders() throws {
        #expect(try find("[\"a\",1,{\"num\":0}]", 0) == [])
        let first = "{\"_placeholder\":true,\"num\":0}"
        #expect(try find("[\(first)]", 1) == [Placeholder(range: 1..<30, attachment: 0)])
        let odd = "{ \"x\" : [1, \"}\"], \"num\" : 1 , \"\\u005fplaceholder\" : true }"
        let found = try find("[\"e\",{\"a\":[\(odd)]},\(first)]", 2)
        #expect(found.map(\.attachment) == [1, 0])
        #expect(found.map(\.range.count) == [odd.utf8.count, first.utf8.count])
    }

    @Test(arguments: [
        "[{\"_placeholder\":false,\"num\":9}]", "[{\"_placeholder\":1}]", "[\"_placeholder\",true]",
        "[{\"a\":\"_placeholder\"}]",
    ])
    func ignoresWhatIsNone(text: String) throws {
        #expect(try find(text, 1) == [])
    }

    @Test(arguments: [
        "[{\"_placeholder\":true,\"num\":1}]", "[{\"_placeholder\":true,\"num\":-1}]", "[{\"_placeholder\":true}]",
        "[{\"_placeholder\":true,\"num\":\"0\"}]", "[{\"_placeholder\":true,\"num\":0.5}]",
        "[{\"_placeholder\":true,\"num\":99999999999999999999}]",
        "[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
    ])
    func refusesIllegalOnes(text: String) {
        #expect(throws: PacketError.illegalPlaceholder) { try find(text, 1) }
    }
}
