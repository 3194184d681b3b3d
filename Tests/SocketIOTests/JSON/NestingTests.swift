import EngineIO
import FoundationEssentials
import Locking
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How deep values may be nested.
@Suite struct NestingTests {
    private static func nested(_ depth: Int, _ open: String = "[", _ close: String = "]") -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }

    /// The list of arguments counts.
    @Test(arguments: [1, 63, 64, 65, 128, 129, 256], [("[", "]"), ("{\"a\":", "}")])
    func theDepthIsAnOption(limit: Int, brackets: (String, String)) {
        let journal = Journal<Bool>()
        let fixture = Fixture(.init(maxNestingDepth: limit))
        fixture.io.onConnection { socket in
            socket.on("a", raw: { arguments, _ in journal.add(arguments.isEmpty) })
        }
        let client = fixture.join()
        if limit > 1 {
            client.receive(.text("42[\"a\",\(Self.nested(limit - 1, brackets.0, brackets.1))]"))
            #expect(journal.takeAll() == [false])
        }
        client.receive("42[\"a\"]")
        #expect(journal.takeAll() == [true] && !client.isClosed)
        client.receive(.text("42[\"a\",\(Self.nested(limit, brackets.0, brackets.1))]"))
        #expect(client.isClosed && journal.entries.isEmpty)
        let notice = fixture.log.entries.last ?? ""
        #expect(notice.hasPrefix("info closing a connection") && notice.contains("nestedTooDeeply"))
    }

    /// Brackets that change where words of bits end.
    @Test(arguments: [62, 63, 64, 65, 127, 128, 129, 200])
    func bracketsMatchAtAnyDepth(depth: Int) throws {
        for kind in [0, 1, 2] {
            let isObject = (0..<depth).map { kind == 2 ? $0 % 3 == 0 : kind == 1 }
            let open = isObject.map { $0 ? "{\"a\":" : "[" }.joined()
            let close = isObject.reversed().map { $0 ? "}" : "]" }
            let text = open + "[1]" + close.joined()
            try JSONScanner.validate(ByteBuffer(string: text).readableBytesUInt8Span)
            for wrong in [0, depth / 2, depth - 1] {
                var close = close
                close[wrong] = close[wrong] == "}" ? "]" : "}"
                #expect(throws: PacketError.malformedJSON) {
                    try JSONScanner.validate(ByteBuffer(string: open + "1" + close.joined()).readableBytesUInt8Span)
                }
            }
        }
    }

    @Test func theParserOfAnApplicationKnowsTheDepth() {
        let journal = Journal<Bool>()
        let fixture = Fixture(.init(parser: .messagePack, maxNestingDepth: 3))
        fixture.io.onConnection { socket in socket.on("a", raw: { _, _ in journal.add(true) }) }
        let client = fixture.connect()
        let start: [UInt8] = [0x83, 0xA4] + Array("type".utf8)
        let middle: [UInt8] = [0xA3] + Array("nsp".utf8) + [0xA1, 0x2F, 0xA4] + Array("data".utf8)
        client.receive(.binary(start + [0] + middle + [0xC0]))
        client.receive(.binary(start + [2] + middle + [0x92, 0xA1, 0x61, 0x91, 0x90]))
        #expect(journal.entries == [true] && !client.isClosed)
        client.receive(.binary(start + [2] + middle + [0x92, 0xA1, 0x61, 0x91, 0x91, 0x90]))
        #expect(journal.entries == [true] && client.isClosed)
    }

    @Test(arguments: [(63, true), (64, false)])
    func typesOfAnApplicationAreBounded(depth: Int, isDecoded: Bool) throws {
        let argument = try RawArgument(json: "{\"value\":" + Self.nested(depth) + "}")
        #expect(((try? argument.decode(Wrapped.self)) != nil) == isDecoded)
        #expect((try? argument.decode(JSONValue.self)) != nil)
    }

    private struct Wrapped: Codable, Sendable {
        var value: JSONValue
    }

    private final class Tree: Codable, Sendable {
        let a: Tree?
    }

    /// What is done with a value that is nested as deep as may be, on the smallest stack that a thread has.
    @Test(arguments: ["value", "object", "typed", "tree", "MessagePack"])
    func theGreatestDepthIsSafe(what: String) {
        let depth = JSONScanner.greatestDepth - 3
        let done = Mutex(false)
        SmallStack.run {
            switch what {
            case "value", "object":
                let text = what == "value" ? Self.nested(depth) : Self.nested(depth, "{\"a\":", "}")
                let value = try? RawArgument(json: text).decode(JSONValue.self)
                let again = try? RawArgument(json: text).decode(JSONValue.self)
                var buffer = ByteBuffer()
                value?.write(to: &buffer)
                done.withLock { $0 = value == again && value != nil && String(buffer: buffer) == text }
            case "typed":
                // More than the decoder of Foundation takes is an error.
                let wrapped = try? RawArgument(json: "{\"value\":" + Self.nested(depth) + "}").decode(Wrapped.self)
                if let wrapped { _ = try? RawArgument(encoding: wrapped) }
                done.withLock { $0 = true }
            case "tree":
                let text = String(repeating: "{\"a\":", count: depth) + "{}" + String(repeating: "}", count: depth)
                let tree = try? RawArgument(json: text).decode(Tree.self)
                if let tree { _ = try? RawArgument(encoding: tree) }
                done.withLock { $0 = true }
            default:
                let bytes = [UInt8](repeating: 0x91, count: depth) + [1]
                var reader = MessagePackReader(ByteBuffer(bytes: bytes), limits: ParserLimits(maxAttachments: 0))
                let json = try? reader.readValue().buffer
                var writer = MessagePackWriter()
                if let json, let argument = try? RawArgument(json: json) { writer.write(argument) }
                done.withLock { $0 = Array(writer.buffer.readableBytesView) == bytes }
            }
        }
        #expect(done.withLock { $0 })
    }
}

/// A thread with a stack of 512 KiB.
private enum SmallStack {
    private final class Work {
        let body: () -> Void

        init(_ body: @escaping () -> Void) {
            self.body = body
        }
    }

    static func run(_ body: @escaping () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        let result = pthread_create(
            &thread,
            &attributes,
            { argument in
                #if canImport(Darwin)
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                #else
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                #endif
                work.body()
                return nil
            },
            work
        )
        precondition(result == 0, "a thread can be made")
        #if canImport(Darwin)
        if let thread { pthread_join(thread, nil) }
        #else
        pthread_join(thread, nil)
        #endif
    }
}
