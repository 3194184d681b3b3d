import EngineIO
import NIOCore

/// The arguments of an event or acknowledgement, not yet decoded.
///
/// The JSON text stays as the client sent it, and binary values stay beside it, until somebody asks for a type.
/// Arguments that are only passed on are never decoded.
public struct SocketArguments: Sendable {
    /// The whole message that carried the arguments.
    let text: ByteBuffer
    /// Where the elements of the payload stand in ``text``; for an event the first is its name.
    private let elements: ArgumentRanges
    /// The name of the event.
    let nameKey: EventName.Key
    var attachments: Attachments?

    /// No arguments.
    public init() {
        self.init(text: ByteBuffer(), elements: ArgumentRanges(), nameKey: .none)
    }

    init(text: ByteBuffer, elements: ArgumentRanges, nameKey: EventName.Key) {
        self.text = text
        self.elements = elements
        self.nameKey = nameKey
    }

    /// The name of the event; empty for an acknowledgement.
    var eventName: String {
        guard nameKey.isPresent else { return "" }
        let bytes = text.readableBytesUInt8Span
        guard nameKey.isEscaped else { return JSONText.text(bytes.extracting(nameKey.range)) }
        return JSONText.string(bytes.extracting(elements[0])) ?? ""
    }

    /// How many arguments there are.
    public var count: Int { elements.count - (nameKey.isPresent ? 1 : 0) }

    /// Whether there are no arguments.
    public var isEmpty: Bool { count == 0 }

    /// Where the argument at `index`, which there must be, stands in ``text``.
    private func range(_ index: Int) -> Range<Int> { elements[nameKey.isPresent ? index + 1 : index] }

    /// The argument at `index`, or `nil` when there are fewer.
    public subscript(index: Int) -> RawArgument? {
        guard index >= 0, index < count else { return nil }
        return argument(range(index))
    }

    /// The arguments one by one.
    var all: [RawArgument] { (0..<count).compactMap { self[$0] } }

    private func argument(_ range: Range<Int>) -> RawArgument? {
        text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count).map { json in
            RawArgument(json: json, offset: range.lowerBound, attachments: attachments)
        }
    }

    /// Decodes one argument.
    /// - Parameters:
    ///   - type: What to decode it as.
    ///   - index: Which argument, from zero.
    /// - Returns: The value; `nil` of an optional type when there are too few arguments.
    /// - Throws: ``ArgumentError``.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self, at index: Int = 0) throws -> Value {
        guard let argument = self[index] else {
            do {
                return try ArgumentDecoding.decode(type, from: .null)
            } catch {
                throw ArgumentError(reason: .missing, index: index, expected: "\(type)")
            }
        }
        do {
            return try ArgumentDecoding.decode(type, from: argument)
        } catch {
            throw ArgumentError(reason: .mismatch(detail: "\(error)"), index: index, expected: "\(type)")
        }
    }

    /// How many bytes the arguments occupy.
    package var byteCount: Int {
        (attachments?.buffers ?? []).reduce(text.readableBytes) { $0 + $1.readableBytes }
    }

    /// The arguments without what else they were read with, to be kept for a while.
    var kept: Self {
        var kept = Self(text: text.kept, elements: elements, nameKey: nameKey)
        kept.attachments = attachments.map { Attachments(keeping: $0) }
        return kept
    }

    /// Where all arguments with the commas between them stand in ``text``.
    var joinedRange: Range<Int> {
        isEmpty ? 0..<0 : range(0).lowerBound..<range(count - 1).upperBound
    }

    /// All arguments with the commas between them.
    var joined: RawArgument? { isEmpty ? nil : argument(joinedRange) }
}

/// An argument is missing or of another type than the handler asked for.
public struct ArgumentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the argument.
    public enum Reason: Sendable, Equatable {
        /// There are fewer arguments.
        case missing
        /// The argument can't be decoded as the type.
        case mismatch(detail: String)
    }

    /// What is wrong.
    public var reason: Reason
    /// Which argument, from zero.
    public var index: Int
    /// The type that was asked for.
    public var expected: String

    /// A sentence for the log.
    public var description: String {
        switch reason {
        case .missing: "argument \(index) (\(expected)) is missing"
        case .mismatch(let detail): "argument \(index) is not \(expected): \(detail)"
        }
    }
}
