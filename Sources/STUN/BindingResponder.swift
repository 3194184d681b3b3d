public import NIOCore

/// Answers Binding requests: tells a client which address it is seen at (RFC 8489 §6.3, §12).
///
/// Keeps nothing between requests and needs no credentials. What cannot be answered is dropped, as RFC 8489 §6.3 asks for everything
/// that is not a well-formed request of a supported method: an answer would help nobody but those who make servers
/// flood a third party. For the same reason answers carry what the RFC demands and nothing else.
public struct BindingResponder: Sendable {
    /// The most attributes that a 420 lists.
    ///
    /// A client with more to fix hears of the rest in its next try, and a request full of unknown attributes costs no
    /// more than a few comparisons each.
    public static let maximumUnknownAttributes = 16

    /// What a server with two addresses and two ports says of them, so that clients learn how their NAT behaves
    /// (RFC 5780 §6.1).
    public struct NATDiscovery: Hashable, Sendable {
        /// Where the answer is sent from.
        public let origin: TransportAddress
        /// The address and port of which neither is that of the request's destination.
        public let other: TransportAddress

        /// Makes the two.
        public init(origin: TransportAddress, other: TransportAddress) {
            self.origin = origin
            self.other = other
        }
    }

    private let natDiscovery: NATDiscovery?

    /// Makes a responder.
    /// - Parameter natDiscovery: What to say of the server's addresses; nothing unless given, and CHANGE-REQUEST is
    ///   refused.
    public init(natDiscovery: NATDiscovery? = nil) {
        self.natDiscovery = natDiscovery
    }

    /// Judges one datagram, or one frame of a stream.
    ///
    /// - Parameters:
    ///   - bytes: The whole datagram or frame.
    ///   - source: Where it came from; an IPv4-mapped address is answered as the IPv4 address that it is.
    ///   - buffer: Where the response is written, after what is there already.
    /// - Returns: What to send to the source, if anything.
    public func receive(
        _ bytes: Span<UInt8>,
        from source: TransportAddress,
        into buffer: consuming ByteBuffer = ByteBuffer()
    ) -> OnReceive {
        // No answer can be sent to port 0, and the attempt may break the socket for everybody.
        guard source.port != 0 else { return .drop(.unanswerableSource) }
        do throws(STUNError) {
            let request = try STUNMessage(bytes)
            if let reason = dropReason(for: request) {
                return .drop(reason)
            }
            let unknown = unknownAttributes(of: request)
            guard unknown.isEmpty else {
                return .refuse(try makeRefusal(of: request, unknown: unknown, into: buffer))
            }
            return .answer(try makeAnswer(to: request, source: source, into: buffer))
        } catch {
            return .drop(DropReason(error))
        }
    }

    /// RFC 8489 §6.3: what is no request of a supported method, or fails its own checksum, is silently discarded.
    private func dropReason(for message: borrowing STUNMessage) -> DropReason? {
        switch message.type.messageClass {
        case .indication: return .indication
        case .successResponse, .errorResponse: return .response
        case .request: break
        }
        guard message.type.method == .binding else { return .unsupportedMethod }
        return message.checkFingerprint() == .invalid ? .wrongFingerprint : nil
    }

    /// RFC 8489 §6.3.1: the types that have to be understood and are not, each once.
    private func unknownAttributes(of request: borrowing STUNMessage) -> [AttributeType] {
        var unknown: [AttributeType] = []
        var attributes = request.attributes
        while let attribute = attributes.next(), unknown.count < Self.maximumUnknownAttributes {
            let type = attribute.type
            if type.isComprehensionRequired, !isKnown(type), !unknown.contains(type) {
                unknown.append(type)
            }
        }
        return unknown
    }

    /// Whether RFC 8489 defines `type`; defined attributes that mean nothing here are ignored (§6.3).
    private func isKnown(_ type: AttributeType) -> Bool {
        switch type {
        case .mappedAddress, .username, .messageIntegrity, .errorCode, .unknownAttributes, .realm, .nonce,
            .messageIntegritySHA256, .passwordAlgorithm, .userhash, .xorMappedAddress:
            true
        case .changeRequest:
            natDiscovery != nil
        default:
            false
        }
    }

    /// RFC 8489 §6.3.1.2: a success response with the reflexive address.
    private func makeAnswer(
        to request: borrowing STUNMessage,
        source: TransportAddress,
        into buffer: consuming ByteBuffer
    ) throws(STUNError) -> ByteBuffer {
        var writer = makeWriter(.successResponse, to: request, into: buffer)
        try writer.append(XORMappedAddress(source.unmapped))
        if let natDiscovery {
            try writer.append(ResponseOrigin(natDiscovery.origin))
            try writer.append(OtherAddress(natDiscovery.other))
        }
        return try finish(writer, answering: request)
    }

    /// RFC 8489 §6.3.1: an error response 420 that lists what was not understood.
    private func makeRefusal(
        of request: borrowing STUNMessage,
        unknown: [AttributeType],
        into buffer: consuming ByteBuffer
    ) throws(STUNError) -> ByteBuffer {
        var writer = makeWriter(.errorResponse, to: request, into: buffer)
        try writer.append(ErrorCode.unknownAttribute)
        try writer.append(UnknownAttributes(unknown))
        return try finish(writer, answering: request)
    }

    private func makeWriter(
        _ messageClass: MessageClass,
        to request: borrowing STUNMessage,
        into buffer: consuming ByteBuffer
    ) -> STUNMessageWriter {
        STUNMessageWriter(
            MessageType(messageClass, request.type.method),
            transactionID: request.transactionID,
            into: buffer
        )
    }

    /// RFC 8489 §6.3.1: FINGERPRINT in the response if and only if the request has it.
    private func finish(
        _ writer: consuming STUNMessageWriter,
        answering request: borrowing STUNMessage
    ) throws(STUNError) -> ByteBuffer {
        if request.checkFingerprint() == .valid {
            try writer.appendFingerprint()
        }
        return writer.finish()
    }
}

extension BindingResponder {
    /// What to do about bytes that have arrived.
    public enum OnReceive: Hashable, Sendable {
        /// Send the buffer's bytes to the source: a success response.
        case answer(ByteBuffer)
        /// Send the buffer's bytes to the source: an error response.
        case refuse(ByteBuffer)
        /// Send nothing.
        case drop(DropReason)
    }

    /// Why bytes get no answer.
    public enum DropReason: String, Hashable, Sendable, CaseIterable {
        /// Another protocol, or STUN without magic cookie (RFC 3489).
        case notSTUN
        /// A STUN header, but no well-formed message behind it.
        case malformed
        /// FINGERPRINT does not match the message.
        case wrongFingerprint
        /// An indication: a keep-alive, which asks for no answer.
        case indication
        /// A response, which a server never asked for.
        case response
        /// A request of a method other than Binding.
        case unsupportedMethod
        /// The source cannot be a peer: its port is 0.
        case unanswerableSource

        fileprivate init(_ error: STUNError) {
            switch error {
            case .truncatedHeader, .notSTUN, .wrongMagicCookie:
                self = .notSTUN
            case .misalignedLength, .lengthMismatch, .truncatedAttribute, .attributeAfterFingerprint,
                .malformedAttribute, .messageTooLong:
                self = .malformed
            }
        }
    }
}
