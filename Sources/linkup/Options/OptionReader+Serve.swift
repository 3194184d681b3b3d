import EngineIO
import LinkUpServer

extension OptionReader {
    /// Reads what anybody may take of the application, and who may speak to it.
    /// - Throws: ``OptionError`` for what can't be right.
    func protections() throws(OptionError) -> Protections {
        let defaults = Protections()
        return Protections(
            connections: try limit(.maxClients, most: 1_000_000, default: defaults.connections),
            connectionsPerNetwork: try limit(
                .maxNetworkClients,
                most: 1_000_000,
                default: defaults.connectionsPerNetwork
            ),
            sockets: try limit(.maxSockets, most: 1_000_000, default: defaults.sockets),
            socketsPerNetwork: try limit(.maxNetworkSockets, most: 1_000_000, default: defaults.socketsPerNetwork),
            handshakesPerNetwork: try limit(.networkHandshakes, most: 100_000, default: defaults.handshakesPerNetwork),
            eventsPerSecond: try limit(.eventRate, most: 100_000, default: defaults.eventsPerSecond),
            bytesPerSecond: try limit(.byteRate, most: 1 << 30, default: defaults.bytesPerSecond),
            waitingBytes: try number(.maxWaiting, in: 65_536...(1 << 30))?.value ?? defaults.waitingBytes,
            rates: try requestRates(),
            roomSize: try roomSize(),
            httpTimeouts: try httpTimeouts(),
            publicHosts: try list(.publicHost, "a name without scheme and path, as meet.example.org", Protections.host),
            allowedOrigins: try list(
                .allowedOrigin,
                "an origin without path, as https://example.org",
                Protections.origin
            ),
            trustedProxies: try ranges(.trustedProxy),
            proxyProtocol: try ranges(.proxyProtocol)
        )
    }

    /// Reads how much of the chat is kept.
    /// - Throws: ``OptionError`` for what can't be right.
    func historyLimits() throws(OptionError) -> HistoryLimits {
        let defaults = HistoryLimits()
        let mebibyte = 1 << 20
        let roomSize = try number(.roomSize, in: 0...(1 << 30))?.value
        let size = try number(.historySize, in: 0...(1 << 30))?.value
        let reserve = try number(.diskReserve, in: 0...(1 << 30))?.value
        return HistoryLimits(
            messagesPerRoom: try limit(.roomMessages, most: .max, default: defaults.messagesPerRoom),
            bytesPerRoom: roomSize.map { $0 == 0 ? nil : $0 * mebibyte } ?? defaults.bytesPerRoom,
            days: try limit(.historyDays, most: 100_000, default: defaults.days),
            databaseBytes: size.map { $0 == 0 ? nil : $0 * mebibyte } ?? defaults.databaseBytes,
            reservedBytes: reserve.map { $0 * mebibyte } ?? defaults.reservedBytes
        )
    }

    private func requestRates() throws(OptionError) -> RequestRates {
        let defaults = RequestRates()
        return RequestRates(
            messages: try limit(.messageRate, most: 100_000, default: defaults.messages),
            signals: try limit(.signalRate, most: 100_000, default: defaults.signals),
            requests: try limit(.requestRate, most: 100_000, default: defaults.requests)
        )
    }

    private func roomSize() throws(OptionError) -> RoomSize {
        let defaults = RoomSize()
        return RoomSize(
            people: try number(.roomPeople, in: 1...100_000)?.value ?? defaults.people,
            peopleOfNetwork: try number(.roomNetworkPeople, in: 1...100_000)?.value ?? defaults.peopleOfNetwork
        )
    }

    private func httpTimeouts() throws(OptionError) -> HTTPTimeouts {
        let defaults = HTTPTimeouts()
        return HTTPTimeouts(
            head: try seconds(.httpHeadTimeout) ?? defaults.head,
            body: try seconds(.httpBodyTimeout) ?? defaults.body,
            response: try seconds(.httpResponseTimeout) ?? defaults.response,
            idle: try seconds(.httpIdleTimeout) ?? defaults.idle
        )
    }

    /// An hour at most: whoever does nothing holds a descriptor.
    private func seconds(_ option: OptionName) throws(OptionError) -> Duration? {
        try number(option, in: 1...3600).map { .seconds($0.value) }
    }

    /// A number of which 0 stands for no limit.
    private func limit(_ option: OptionName, most: Int, default: Int?) throws(OptionError) -> Int? {
        guard let number = try number(option, in: 0...most)?.value else { return `default` }
        return number == 0 ? nil : number
    }
}
