import NIOCore
import STUN

/// What is kept of a request while it is carried out: enough to answer it.
struct RequestContext {
    let method: Method
    let transactionID: TransactionID
    let hasFingerprint: Bool
    let client: FiveTuple
    /// Which engine handed the request on.
    let forwarder: UInt8?
    let identity: Authenticator.Identity
}

/// Writes the attributes of an answer.
typealias AnswerBody = (inout STUNMessageWriter) throws(STUNError) -> Void

extension RelayEngine {
    /// Judges a STUN message; what RFC 8489 §6.3 says nothing is answered to is dropped.
    mutating func receiveMessage(
        _ bytes: Span<UInt8>,
        from client: FiveTuple,
        forwardedBy forwarder: UInt8?,
        at now: Moment
    ) -> OnReceive {
        // No answer can be sent to port 0.
        guard client.client.port != 0 else { return .drop(.unanswerableSource) }
        do throws(STUNError) {
            let message = try STUNMessage(bytes)
            switch (message.type.messageClass, message.type.method) {
            case (.indication, .send): return relayIndication(message, from: client, at: now)
            case (.indication, _), (.successResponse, _), (.errorResponse, _): return .drop(.unexpected)
            case (.request, .binding): return answerBinding(message, from: client, at: now)
            case (.request, let method):
                let result = answerRequest(message, from: client, forwardedBy: forwarder, at: now)
                if method == .connectionBind { noteIfNotJoined(client, result) }
                return result
            }
        } catch {
            if Self.isConnectionBind(bytes) { noteIfNotJoined(client, .drop(.malformed)) }
            switch error {
            case .truncatedHeader, .notSTUN, .wrongMagicCookie: return .drop(.notTURN)
            default: return .drop(.malformed)
            }
        }
    }

    /// Whether what is no message calls itself a ConnectionBind request: the driver has stopped behind it.
    private static func isConnectionBind(_ bytes: Span<UInt8>) -> Bool {
        bytes.uint16(at: 0) == MessageType(.request, .connectionBind).wireValue
    }

    private mutating func answerRequest(
        _ message: borrowing STUNMessage,
        from client: FiveTuple,
        forwardedBy forwarder: UInt8?,
        at now: Moment
    ) -> OnReceive {
        guard configuration.authenticator != nil, Self.methods.contains(message.type.method) else {
            return .drop(.unsupportedMethod)
        }
        guard message.checkFingerprint() != .invalid else { return .drop(.wrongFingerprint) }
        return authenticate(message, from: client, forwardedBy: forwarder, at: now)
    }

    private static let methods: Set<Method> = [
        .allocate, .refresh, .createPermission, .channelBind, .connect, .connectionBind,
    ]

    private mutating func answerBinding(
        _ message: borrowing STUNMessage,
        from client: FiveTuple,
        at now: Moment
    ) -> OnReceive {
        guard isOnConnection(client) || limiter.admit(client.client.ip, at: now) else { return .drop(.rateLimited) }
        let change = (try? message.first(ChangeRequest.self)) ?? nil
        let discovery = configuration.natDiscovery == nil ? nil : natDiscovery(for: change, from: client)
        let responder = BindingResponder(natDiscovery: discovery?.addresses)
        switch responder.receive(message.bytes, from: client.client, into: takeBuffer()) {
        case .answer(let buffer):
            answer = buffer
            answerKind = .success
            return .answer(from: discovery?.listener ?? client.listener)
        case .refuse(let buffer):
            answer = buffer
            answerKind = .refusal(code: ErrorCode.unknownAttribute.code)
            return .answer(from: discovery?.listener ?? client.listener)
        case .drop(let reason): return .drop(Drop(reason))
        }
    }

    /// RFC 8656 §5: every request is authenticated, and belongs to the allocation of the flow or to none.
    private mutating func authenticate(
        _ message: borrowing STUNMessage,
        from client: FiveTuple,
        forwardedBy forwarder: UInt8?,
        at now: Moment
    ) -> OnReceive {
        guard let authenticator = configuration.authenticator else { return .drop(.unsupportedMethod) }
        let isAlone = message.type.method == .connectionBind
        switch authenticator.check(
            message,
            from: client.client,
            at: now.unix,
            afterItsEnd: keepsAllocation(client),
            fromAnyPort: isAlone
        ) {
        case .authenticated(let identity):
            if isOnConnection(client) { put(.authenticated(client)) }
            let context = RequestContext(
                method: message.type.method,
                transactionID: message.transactionID,
                hasFingerprint: message.checkFingerprint() == .valid,
                client: client,
                forwarder: forwarder,
                identity: identity
            )
            if forwarding.count > 0, forwarder == nil, let engine = forwarding[client] {
                return .forward(to: UInt8(truncatingIfNeeded: engine))
            }
            let unknown = unknownAttributes(of: message)
            guard unknown.isEmpty else {
                return refuse(context, .unknownAttribute) { writer throws(STUNError) in
                    try writer.append(UnknownAttributes(unknown))
                }
            }
            return carryOut(message, context, at: now)
        case .challenge(let error):
            if let server = alternateServer(for: message, from: client) {
                return answerUnsigned(message, from: client, .tryAlternate, at: now) { writer throws(STUNError) in
                    try writer.append(AlternateServer(server))
                }
            }
            return answerUnsigned(message, from: client, error, at: now) { writer throws(STUNError) in
                try authenticator.appendChallenge(to: &writer, for: client.client, at: now.unix)
            }
        case .refuse(let error):
            return answerUnsigned(message, from: client, error, at: now)
        }
    }

    /// Whether the user of the flow's allocation may go on with it by a credential that has ended.
    private func keepsAllocation(_ client: FiveTuple) -> String? {
        guard !configuration.endsWithCredentials, let slot = allocationsByClient[client] else { return nil }
        return owners[Int(slot)]?.username
    }

    /// Where whoever asks for an allocation and shows nothing is sent instead (RFC 8489 §10), if that is of the client's
    /// family.
    private func alternateServer(
        for message: borrowing STUNMessage,
        from client: FiveTuple
    ) -> TransportAddress? {
        guard message.type.method == .allocate, !isSigned(message), let server = configuration.alternateServer,
            server.family == client.client.family
        else { return nil }
        return server
    }

    private mutating func carryOut(
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) -> OnReceive {
        do throws(STUNError) {
            switch context.method {
            case .allocate: return try allocate(message, context, at: now)
            case .connectionBind: return try bindConnection(message, context, at: now)
            default: break
            }
            // RFC 8656 §5: a request that needs an allocation and finds none, or another user's.
            guard let slot = allocationsByClient[context.client] else {
                guard context.method == .refresh else { return refuse(context, .allocationMismatch) }
                return try move(message, context, at: now)
            }
            guard owners[Int(slot)]?.username == context.identity.username else {
                return refuse(context, .wrongCredentials)
            }
            switch context.method {
            case .refresh: return try refresh(slot, message, context, at: now)
            case .createPermission: return try createPermission(slot, message, context, at: now)
            case .channelBind: return try bindChannel(slot, message, context, at: now)
            default: return try connect(slot, message, context, at: now)
            }
        } catch {
            // An attribute does not have the form that its type demands.
            return refuse(context, .badRequest)
        }
    }

    /// A flow that was handed on and came to nothing need not be handed on any more.
    mutating func releaseIfUnused(_ client: FiveTuple, by forwarder: UInt8) {
        let released = Output.released(client, to: forwarder)
        // It may have been released by the end of its allocation just now.
        guard allocationsByClient[client] == nil, !outputs.contains(released) else { return }
        put(released)
    }

    /// RFC 8489 §6.3.1: what has to be understood and is not, each once.
    private func unknownAttributes(of message: borrowing STUNMessage) -> [AttributeType] {
        var unknown: [AttributeType] = []
        var attributes = message.attributes
        while let attribute = attributes.next(), unknown.count < BindingResponder.maximumUnknownAttributes {
            let type = attribute.type
            if type.isComprehensionRequired, !Self.known.contains(type), !unknown.contains(type) {
                unknown.append(type)
            }
        }
        return unknown
    }

    /// What RFC 8489, RFC 8656 and RFC 6062 define; those that mean nothing in a message are ignored there.
    static let known: Set<AttributeType> = [
        .mappedAddress, .username, .messageIntegrity, .errorCode, .unknownAttributes, .realm, .nonce,
        .messageIntegritySHA256, .passwordAlgorithm, .userhash, .xorMappedAddress, .channelNumber, .lifetime,
        .xorPeerAddress, .data, .xorRelayedAddress, .requestedAddressFamily, .evenPort, .requestedTransport,
        .dontFragment, .reservationToken, .connectionID,
    ]
}

extension RelayEngine {
    /// Answers that a request was carried out.
    mutating func succeed(_ context: RequestContext, _ body: AnswerBody = { _ in }) -> OnReceive {
        answer = makeAnswer(.successResponse, context, into: takeBuffer(), body)
        answerKind = .success
        return .answer(from: context.client.listener)
    }

    /// Answers why a request was refused.
    mutating func refuse(_ context: RequestContext, _ error: ErrorCode, _ body: AnswerBody = { _ in }) -> OnReceive {
        answer = makeRefusal(context, error, into: takeBuffer(), body)
        answerKind = .refusal(code: error.code)
        return .answer(from: context.client.listener)
    }

    /// Makes an error response that is signed for the user.
    func makeRefusal(
        _ context: RequestContext,
        _ error: ErrorCode,
        into buffer: consuming ByteBuffer = ByteBuffer(),
        _ body: AnswerBody = { _ in }
    ) -> ByteBuffer {
        makeAnswer(.errorResponse, context, into: buffer) { writer throws(STUNError) in
            try writer.append(error)
            try body(&writer)
        }
    }

    /// Makes an answer that is signed for the user, with FINGERPRINT if the request has it.
    func makeAnswer(
        _ messageClass: MessageClass,
        _ context: RequestContext,
        into buffer: consuming ByteBuffer = ByteBuffer(),
        _ body: AnswerBody
    ) -> ByteBuffer {
        let type = MessageType(messageClass, context.method)
        var writer = STUNMessageWriter(type, transactionID: context.transactionID, into: buffer)
        do throws(STUNError) {
            try body(&writer)
            try context.identity.sign(&writer)
            if context.hasFingerprint { try writer.appendFingerprint() }
        } catch {
            preconditionFailure("an answer of a few attributes fits a message")
        }
        return writer.finish()
    }

    /// Answers somebody who has not shown who it is.
    private mutating func answerUnsigned(
        _ message: borrowing STUNMessage,
        from client: FiveTuple,
        _ error: ErrorCode,
        at now: Moment,
        _ body: AnswerBody = { _ in }
    ) -> OnReceive {
        // Whoever signs wrongly may be guessing passwords.
        let isSigned = isSigned(message)
        guard !(isSigned || !isOnConnection(client)) || limiter.admit(client.client.ip, at: now) else {
            return .drop(.rateLimited)
        }
        let type = MessageType(.errorResponse, message.type.method)
        var writer = STUNMessageWriter(type, transactionID: message.transactionID, into: takeBuffer())
        do throws(STUNError) {
            try writer.append(error)
            try body(&writer)
            if message.checkFingerprint() == .valid { try writer.appendFingerprint() }
        } catch {
            preconditionFailure("an answer of a few attributes fits a message")
        }
        answer = writer.finish()
        let isFirst = !isSigned && error == .unauthenticated
        answerKind = isFirst ? .challenge : .refusal(code: error.code)
        return .answer(from: client.listener)
    }

    private func isSigned(_ message: borrowing STUNMessage) -> Bool {
        message.first(.messageIntegrity) != nil || message.first(.messageIntegritySHA256) != nil
    }

    /// Whether the client comes over a connection, which has shown that it is there: nobody else wrote its address.
    func isOnConnection(_ client: FiveTuple) -> Bool {
        listeners[Int(client.listener.index)].transport != .udp
    }

    /// The memory of the last answer, for the next one.
    mutating func takeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &answer)
        buffer.clear()
        return buffer
    }
}

extension RelayEngine.Drop {
    init(_ reason: BindingResponder.DropReason) {
        switch reason {
        case .notSTUN: self = .notTURN
        case .malformed: self = .malformed
        case .wrongFingerprint: self = .wrongFingerprint
        case .indication, .response: self = .unexpected
        case .unsupportedMethod: self = .unsupportedMethod
        case .unanswerableSource: self = .unanswerableSource
        }
    }
}
