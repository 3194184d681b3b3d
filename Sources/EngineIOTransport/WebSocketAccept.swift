import Crypto
import EngineIO
import FoundationEssentials

/// The proof of having read the client's key (RFC 6455, section 4.2.2, step 5.4).
enum WebSocketAccept {
    static func value(for key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Data((key + WebSocketHandshake.keySuffix).utf8))
        return Data(digest).base64EncodedString()
    }
}
