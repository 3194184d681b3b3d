import NIOCore

@testable import STUN
@testable import TURN

/// A STUN message with whatever attributes; each that can be decoded must be the same when encoded and decoded again.
func fuzzSTUNMessage(_ bytes: ByteBuffer) {
    let source = TransportAddress(ip: IPAddress(ipv4: 0x0101_0101), port: 1)
    let both = BindingResponder.NATDiscovery(origin: source, other: source)
    for discovery in [nil, both] {
        switch BindingResponder(natDiscovery: discovery).receive(bytes.readableBytesUInt8Span, from: source) {
        case .answer(let answer), .refuse(let answer):
            precondition((try? STUNMessage(answer.readableBytesUInt8Span)) != nil, "an answer is no message")
        case .drop: break
        }
    }
    guard let message = try? STUNMessage(bytes.readableBytesUInt8Span) else { return }
    _ = message.checkFingerprint()
    let key = IntegrityKey.shortTerm(password: "secret")
    _ = message.checkMessageIntegrity(key: key)
    _ = message.checkMessageIntegritySHA256(key: key)
    var attributes = message.attributes
    while let attribute = attributes.next() {
        precondition(
            attribute.offset + 4 + attribute.value.count <= bytes.readableBytes,
            "an attribute reaches too far"
        )
    }
    checkSTUNAttributes(of: message)
    checkTURNAttributes(of: message)
}

private func checkSTUNAttributes(of message: borrowing STUNMessage) {
    check(AlternateDomain.self, of: message)
    check(AlternateServer.self, of: message)
    check(ChangeRequest.self, of: message)
    check(ErrorCode.self, of: message)
    check(MappedAddress.self, of: message)
    check(Nonce.self, of: message)
    check(OtherAddress.self, of: message)
    check(PasswordAlgorithm.self, of: message)
    check(PasswordAlgorithms.self, of: message)
    check(Realm.self, of: message)
    check(ResponseOrigin.self, of: message)
    check(Software.self, of: message)
    check(UnknownAttributes.self, of: message)
    check(Userhash.self, of: message)
    check(Username.self, of: message)
    check(XORMappedAddress.self, of: message)
}

private func checkTURNAttributes(of message: borrowing STUNMessage) {
    check(AdditionalAddressFamily.self, of: message)
    check(AddressErrorCode.self, of: message)
    check(ChannelNumber.self, of: message)
    check(ConnectionID.self, of: message)
    check(DontFragment.self, of: message)
    check(EvenPort.self, of: message)
    check(ICMP.self, of: message)
    check(Lifetime.self, of: message)
    check(MobilityTicket.self, of: message)
    check(RequestedAddressFamily.self, of: message)
    check(RequestedTransport.self, of: message)
    check(ReservationToken.self, of: message)
    check(XORPeerAddress.self, of: message)
    check(XORRelayedAddress.self, of: message)
}

private func check<Attribute: STUNAttribute>(_ type: Attribute.Type, of message: borrowing STUNMessage) {
    guard let attribute = try? message.first(Attribute.self) else { return }
    var value = ByteBuffer()
    attribute.encode(into: &value, in: message.transactionID)
    let again = try? Attribute(decoding: value.readableBytesUInt8Span, in: message.transactionID)
    precondition(again == attribute, "an attribute has changed")
}

/// A stream of STUN messages and ChannelData: wherever reads end, the same messages are found.
func fuzzTURNStreamFraming(_ bytes: ByteBuffer) {
    let framing = TURNStreamFraming(
        maximumLength: bytes.readableBytes % 3 == 0 ? 2048 : TURNStreamFraming.longestMessage
    )
    let whole = framing.receive(stream: bytes.readableBytesUInt8Span)
    precondition(whole.length <= bytes.readableBytes, "what was found is longer than the stream")
    let step = max(bytes.readableBytes / 64, 1)
    for count in stride(from: 0, to: bytes.readableBytes, by: step) {
        let found = framing.receive(stream: bytes.readableBytesUInt8Span.extracting(first: count))
        precondition(
            found.length <= count && found.length <= whole.length && found.count <= whole.count,
            "a message is lost"
        )
        if found.violation != nil { precondition(found == whole, "a violation is none when more is there") }
    }
    var verdict = TURNStreamFraming.OnPrefix.needsMore
    for count in 0...min(bytes.readableBytes, 24) {
        let next = framing.receive(prefix: bytes.readableBytesUInt8Span.extracting(first: count))
        precondition(verdict == .needsMore || verdict == next, "a verdict has changed")
        if case .message(let length) = next {
            precondition(length >= 4 && length <= framing.maximumLength, "a length is wrong")
        }
        verdict = next
    }
}
