import Testing

@testable import LinkUpServer

@Suite
struct TURNSecretTests {
    /// Made with Python's `hmac`, by RFC 5869: no salt, the information `linkup-turn`.
    @Test
    func isDerivedByHKDF() {
        #expect(TURNSecret.derive(from: Array(0..<32)) == "fdQ1BrymkeQFSy1qZ1/i46Gf2cUn624Dp/JKvecbDPw=")
    }

    @Test
    func differsFromInstallationToInstallation() {
        #expect(TURNSecret.derive(from: Array(0..<32)) != TURNSecret.derive(from: Array(1..<33)))
    }
}
