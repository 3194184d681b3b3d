import NIOCore
import STUN
import TURN

/// What came from a server, taken apart.
enum Incoming: Equatable, Sendable {
    /// A response to one of our requests, perhaps.
    case response(TransactionID)
    /// What a peer sent, with what stands for the peer left away.
    case data(ByteBuffer)
    /// STUN that nobody asked for.
    case irrelevant
    /// No STUN and no TURN.
    case foreign

    /// Judges a datagram, or a message of a stream.
    init(_ bytes: ByteBuffer) {
        let span = bytes.readableBytesUInt8Span
        if span.count >= 4, span[0] & 0xC0 == 0x40 {
            // ChannelData, RFC 8656 §12.4; behind the length there may be padding.
            let length = Int(span[2]) << 8 | Int(span[3])
            let payload = bytes.getSlice(at: bytes.readerIndex + 4, length: length)
            self = payload.map { .data($0) } ?? .foreign
            return
        }
        guard let message = try? STUNMessage(span) else {
            self = .foreign
            return
        }
        switch message.type.messageClass {
        case .successResponse, .errorResponse: self = .response(message.transactionID)
        case .indication:
            guard message.type.method == .data, let data = try? message.first(DataAttribute.self) else {
                self = .irrelevant
                return
            }
            self = .data(ByteBuffer(bytes: data.bytes))
        case .request: self = .irrelevant
        }
    }
}

/// DATA (RFC 8656 §18.4).
struct DataAttribute: STUNAttribute {
    static let type = AttributeType.data

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        bytes = value.indices.map { value[$0] }
    }

    func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeBytes(bytes)
    }
}

/// What a response says.
struct Answer: Sendable {
    var isSuccess: Bool
    var error: ErrorCode?
    var realm: String?
    var nonce: String?
    var algorithms: [PasswordAlgorithm]?
    var mappedAddress: TransportAddress?
    var relayedAddress: TransportAddress?
    var lifetime: UInt32?
    var alternateServer: TransportAddress?

    /// Reads a response; what is there but malformed counts as absent.
    /// - Parameter bytes: What ``Incoming`` has found to be a response.
    init?(_ bytes: ByteBuffer) {
        guard let message = try? STUNMessage(bytes.readableBytesUInt8Span) else { return nil }
        isSuccess = message.type.messageClass == .successResponse
        error = try? message.first(ErrorCode.self)
        realm = (try? message.first(Realm.self))?.text
        nonce = (try? message.first(Nonce.self))?.text
        algorithms = (try? message.first(PasswordAlgorithms.self))?.algorithms
        mappedAddress =
            (try? message.first(XORMappedAddress.self))?.address ?? (try? message.first(MappedAddress.self))?.address
        relayedAddress = (try? message.first(XORRelayedAddress.self))?.address
        lifetime = (try? message.first(Lifetime.self))?.seconds
        alternateServer = (try? message.first(AlternateServer.self))?.address
    }

    /// What a response is to the request that it says it answers.
    enum Verdict: Hashable, Sendable {
        /// The server's, as far as can be told.
        case genuine
        /// Signed with another key, or not at all.
        case otherSignature
        /// No answer to such a request, or damaged.
        case irrelevant
    }

    /// Judges a response by its method and its codes.
    ///
    /// Errors may be unsigned: a server that does not know the user can't sign, and some never sign them.
    /// - Parameters:
    ///   - bytes: The response.
    ///   - method: What was asked for.
    ///   - key: The key that the request was signed with; `nil` if it was not signed.
    /// - Returns: What is not genuine is to be treated as if it had not come.
    static func judge(_ bytes: ByteBuffer, to method: Method, key: IntegrityKey?) -> Verdict {
        guard let message = try? STUNMessage(bytes.readableBytesUInt8Span), message.type.method == method,
            message.checkFingerprint() != .invalid
        else { return .irrelevant }
        guard let key else { return .genuine }
        let sha256 = message.checkMessageIntegritySHA256(key: key)
        switch sha256 == .absent ? message.checkMessageIntegrity(key: key) : sha256 {
        case .valid: return .genuine
        // A server that does not accept the password can't sign with it, but may with another.
        case .invalid:
            let code = (try? message.first(ErrorCode.self))?.code
            return code == ErrorCode.unauthenticated.code ? .genuine : .otherSignature
        case .absent: return message.type.messageClass == .errorResponse ? .genuine : .otherSignature
        }
    }
}
