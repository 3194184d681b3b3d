import EngineIO
import Testing

@Suite struct ConfigurationTests {
    /// Values that stop the program when the configuration is made, each with the one next to it that does not.
    @Test func senselessValuesAreRefused() async {
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(path: "a") }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(transports: []) }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(pingInterval: .seconds(-1)) }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(destroyUpgradeTimeout: .seconds(-1)) }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(maxPayload: 0) }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(maxBufferedBytes: 0) }
        await #expect(processExitsWith: .failure) { _ = EngineConfiguration(maxBufferedPackets: 0) }
        await #expect(processExitsWith: .failure) { _ = EngineCookie(name: "a b") }
        await #expect(processExitsWith: .failure) { _ = EngineCookie(path: "/;") }
        await #expect(processExitsWith: .failure) { _ = EngineCookie(maxAge: .seconds(-1)) }
        await #expect(processExitsWith: .failure) { _ = CORSPolicy(origins: .any, allowsCredentials: true) }
        await #expect(processExitsWith: .failure) { _ = CORSPolicy(origins: .any, optionsSuccessStatus: 300) }
        await #expect(processExitsWith: .failure) { _ = CORSPolicy(origins: .any, methods: ["G T"]) }
        await #expect(processExitsWith: .failure) { _ = HTTPCompression(threshold: -1) }
        await #expect(processExitsWith: .failure) { _ = HTTPCompression(level: 10) }
        await #expect(processExitsWith: .success) {
            _ = EngineConfiguration(path: "/", pingInterval: .zero, maxPayload: 1, maxBufferedBytes: 1)
            _ = CORSPolicy(origins: .any, optionsSuccessStatus: 299)
            _ = EngineCookie(maxAge: .zero)
        }
    }
}
