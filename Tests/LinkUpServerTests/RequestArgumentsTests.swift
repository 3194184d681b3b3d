import Foundation
import NIOCore
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct RequestArgumentsTests {
    @Test(arguments: [JSONValue.bool(true), .int(1), .double(0.5), .string("x"), .array([]), .binary(ByteBuffer())])
    func refusesWhatIsNoObject(argument: JSONValue) {
        #expect(throws: RequestError.badRequest("")) {
            try RequestArguments(argument)
        }
    }

    @Test
    func takesNoArgumentForAnEmptyObject() throws {
        #expect(try RequestArguments(.null).stringIfPresent("room") == nil)
    }

    @Test
    func readsMembers() throws {
        let arguments = try RequestArguments([
            "text": "t", "number": 7, "whole": 7.0, "yes": true, "nothing": nil,
        ])
        #expect(try arguments.string("text") == "t")
        #expect(try arguments.integer("number") == 7)
        #expect(try arguments.integer("whole") == 7)
        #expect(try arguments.boolean("yes"))
        #expect(try arguments.stringIfPresent("nothing") == nil)
        #expect(try arguments.integerIfPresent("nothing") == nil)
        #expect(arguments.value("nothing") == nil)
        #expect(arguments.value("other") == nil)
    }

    @Test(arguments: [JSONValue.null, .bool(true), .int(1), .double(1.5), .array([]), .object([:])])
    func namesMembersThatAreNoStrings(value: JSONValue) throws {
        let arguments = try RequestArguments(["room": value])
        #expect(throws: RequestError.badRequest("room")) { try arguments.string("room") }
    }

    @Test(arguments: [
        JSONValue.bool(true), .string("1"), .double(1.5), .double(1e300), .double(.nan), .array([]), .object([:]),
    ])
    func namesMembersThatAreNoIntegers(value: JSONValue) throws {
        let arguments = try RequestArguments(["before": value])
        #expect(throws: RequestError.badRequest("before")) { try arguments.integer("before") }
    }

    @Test(arguments: [JSONValue.null, .int(1), .string("true")])
    func namesMembersThatAreNoBooleans(value: JSONValue) throws {
        let arguments = try RequestArguments(["active": value])
        #expect(throws: RequestError.self) { try arguments.boolean("active") }
    }

    @Test
    func writesErrorsAsTheProtocolSays() throws {
        let error = RequestError.refused(.people, limit: 5)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(error), as: UTF8.self)
        #expect(text == #"{"error":{"code":"room-full","limit":5}}"#)
        #expect(String(decoding: try encoder.encode(NoResult()), as: UTF8.self) == "{}")
    }
}
