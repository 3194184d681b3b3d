import EngineIO

/// How often one connection may ask for what; what a network may moves with it, and so does how much at once.
public struct RequestRates: Sendable, Equatable {
    /// `say` in a second; 10, twice as many at once, and `nil` for no limit.
    ///
    /// Its bytes stay limited.
    public var messages: Int?
    /// `signal` in a second; 100, five times as many at once, and `nil` for no limit.
    ///
    /// Its bytes stay limited.
    public var signals: Int?
    /// `join`, `history` and `status` together, and `leave`, in a second; 5, four times as many at once, and `nil` for
    /// no limit.
    public var requests: Int?

    /// Makes rates.
    public init(messages: Int? = 10, signals: Int? = 100, requests: Int? = 5) {
        self.messages = messages
        self.signals = signals
        self.requests = requests
    }

    /// How often an action may be done; `nil` for no limit.
    func rate(of action: LimitedAction) -> ClientRate? {
        switch action {
        case .say: action.rate.scaled(to: messages)
        case .signal: action.rate.scaled(to: signals)
        case .control, .leave: action.rate.scaled(to: requests)
        case .enter, .typing, .react, .credentials, .sayBytes, .signalBytes: action.rate
        }
    }
}

extension ClientRate {
    /// The same proportions at another rate of one connection.
    fileprivate func scaled(to perSecond: Int?) -> ClientRate? {
        guard let perSecond else { return nil }
        let unit = client.perSecond
        func scaled(_ rate: Rate) -> Rate {
            Rate(perSecond: max(1, rate.perSecond * perSecond / unit), burst: max(1, rate.burst * perSecond / unit))
        }
        return ClientRate(client: scaled(client), network: network.map(scaled))
    }
}
