import NIOCore

@testable import EngineIO

/// The header of the PROXY protocol; before its end there is nothing but waiting.
func fuzzProxyHeader(_ bytes: ByteBuffer) {
    guard case .header(_, let length) = ProxyHeader.read(bytes) else { return }
    precondition((1...bytes.readableBytes).contains(length), "the header is longer than what there is")
    for count in 0..<length {
        guard let beginning = bytes.getSlice(at: bytes.readerIndex, length: count) else { return }
        precondition(ProxyHeader.read(beginning) == .wait, "a header is complete before its end")
    }
}

/// `Forwarded` and `X-Forwarded-For`, a value on each line.
func fuzzForwardedFields(_ bytes: ByteBuffer) {
    let values = String(buffer: bytes).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    guard let peer = IPAddress("192.0.2.1") else { preconditionFailure("that is an address") }
    for field in [TrustedProxies.Field.forwarded, .xForwardedFor] {
        let proxies = TrustedProxies(["0.0.0.0/0", "::/0"], field: field)
        _ = proxies.client(behind: peer, isSecure: false) { _ in values }
    }
}
