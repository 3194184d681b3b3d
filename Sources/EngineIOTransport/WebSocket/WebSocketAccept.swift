import Crypto
import EngineIO
import FoundationEssentials

/// The proof of having read the client's key (RFC 6455, section 4.2.2, step 5.4).
enum WebSocketAccept {
    static func value(for key: String) -> String {
        var hash = Insecure.SHA1()
        var input = key + WebSocketHandshake.keySuffix
        input.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        return hash.finalize().withUnsafeBytes { Data($0) }.base64EncodedString()
    }
}
