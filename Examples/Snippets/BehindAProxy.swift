// The snippets of the article "Running behind a proxy"; ArchitectureTests compares them.
import EngineIO

private func trust() -> EngineConfiguration {
    let configuration = EngineConfiguration(trustedProxies: TrustedProxies(["10.0.0.0/8", "::1"]))
    return configuration
}
