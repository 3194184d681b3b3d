import Foundation
import NIOCore
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct SignalTests {
    private func signal(_ members: [String: JSONValue]) throws -> Signal {
        let all = ["to": JSONValue.string("b"), "epoch": 3].merging(members) { _, given in given }
        return try Signal(RequestArguments(.object(JSONObject(all))))
    }

    private func json(_ content: Signal.Content) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let signal = IncomingSignal(from: ParticipantID("a"), epoch: 3, content: content)
        return String(decoding: try encoder.encode(signal), as: UTF8.self)
    }

    @Test(arguments: ["offer", "answer", "pranswer", "rollback"])
    func passesDescriptionsOn(type: String) throws {
        let signal = try signal(["description": ["type": .string(type), "sdp": "v=0\r\n"], "candidate": nil])
        #expect(signal.to == ParticipantID("b"))
        #expect(signal.epoch == 3)
        let text = #"{"description":{"sdp":"v=0\r\n","type":"\#(type)"},"epoch":3,"from":"a"}"#
        #expect(try json(signal.content) == text)
    }

    @Test
    func passesCandidatesOnUnread() throws {
        let candidate: JSONValue = [
            "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0,
            "x": [nil, 1.5],
        ]
        let signal = try signal(["candidate": candidate])
        #expect(signal.content == .candidate(candidate))
        let text = try json(signal.content)
        #expect(text.contains(#""sdpMLineIndex":0"#) && text.contains(#""x":[null,1.5]"#))
    }

    @Test
    func passesTheEndOfCandidatesOn() throws {
        let content = try signal(["endOfCandidates": true]).content
        #expect(content == .endOfCandidates)
        #expect(try json(content) == #"{"endOfCandidates":true,"epoch":3,"from":"a"}"#)
    }

    @Test(
        arguments: [
            [:], ["to": nil, "endOfCandidates": true], ["to": 1, "endOfCandidates": true],
            ["epoch": nil, "endOfCandidates": true], ["epoch": "1", "endOfCandidates": true],
            ["epoch": 0.5, "endOfCandidates": true], ["endOfCandidates": false], ["endOfCandidates": 1],
            ["endOfCandidates": true, "candidate": [:]],
            ["description": ["type": "offer", "sdp": ""], "candidate": [:]],
            ["description": "offer"], ["description": [:]], ["description": ["type": "offer", "sdp": 1]],
            ["description": ["type": 1, "sdp": ""]], ["description": ["type": "other", "sdp": ""]],
            ["candidate": "candidate:1"], ["candidate": []], ["candidate": ["x": .binary(ByteBuffer())]],
        ] as [[String: JSONValue]]
    )
    func refuses(members: [String: JSONValue]) {
        #expect { try signal(members) } throws: { ($0 as? RequestError)?.code == .badRequest }
    }

    @Test
    func limitsSizes() throws {
        func description(_ size: Int) -> [String: JSONValue] {
            ["description": ["type": "offer", "sdp": .string(String(repeating: "a", count: size))]]
        }
        // {"c":"…"} has eight bytes beside the text.
        func candidate(_ size: Int) -> [String: JSONValue] {
            ["candidate": ["c": .string(String(repeating: "a", count: size - 8))]]
        }
        func receiver(_ size: Int) -> [String: JSONValue] {
            ["to": .string(String(repeating: "a", count: size)), "endOfCandidates": true]
        }
        for (make, limit) in [
            (description, Limits.sessionDescription), (candidate, Limits.candidate), (receiver, Limits.participantID),
        ] {
            #expect(throws: Never.self) { try signal(make(limit)) }
            #expect { try signal(make(limit + 1)) } throws: { ($0 as? RequestError)?.code == .badRequest }
        }
    }

    @Test(arguments: [
        #"null"#, #"true"#, #"false"#, #"12"#, #"-1.5"#, #""a\"b\\""#, #"[]"#, #"[1,[2],""]"#, #"{}"#,
        #"{"a":{"b":[null]},"c":"d"}"#,
    ])
    func measuresJSON(text: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(value.textSize == text.utf8.count)
    }
}
