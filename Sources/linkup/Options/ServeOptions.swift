import ArgumentParser
import Configuration

/// The flags of `linkup serve` about what anybody may take of it, and how much of the chat it keeps.
///
/// All may be absent: the environment, a file and the defaults of `LinkUpConfiguration` stand behind them.
struct ServeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A name under which the page is opened, besides this machine's own; may be repeated.",
            valueName: "name"
        )
    )
    var publicHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "Another site whose pages may use Socket.IO here, as https://example.org; may be repeated.",
            valueName: "origin"
        )
    )
    var allowedOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "A proxy whose X-Forwarded-For tells where a client is; may be repeated.",
            valueName: "cidr"
        )
    )
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            "A proxy whose connections to the page's port begin with the PROXY protocol; may be repeated.",
            valueName: "cidr"
        )
    )
    var proxyProtocol: [String] = []

    @Option(help: "Connections that there may be; 0 for no limit. (default: 10000)")
    var maxClients: Int?

    @Option(help: "Connections that one network may have; 0 for no limit. (default: 400)")
    var maxNetworkClients: Int?

    @Option(help: "TCP connections of the page's port; 0 for no limit. (default: 20000)")
    var maxSockets: Int?

    @Option(help: "TCP connections that one network may have there; 0 for no limit. (default: 1000)")
    var maxNetworkSockets: Int?

    @Option(help: "Connections that one network may open in a second; 0 for no limit. (default: 20)")
    var networkHandshakes: Int?

    @Option(help: "Events that one connection may send in a second; 0 for no limit. (default: 300)")
    var eventRate: Int?

    @Option(help: "Bytes that one connection may send in a second; 0 for no limit. (default: 1000000)")
    var byteRate: Int?

    @Option(
        help: ArgumentHelp("Bytes that may wait for one client to read them. (default: 2097152)", valueName: "bytes")
    )
    var maxWaiting: Int?

    @Option(help: "Messages that one connection may say in a second; 0 for no limit. (default: 10)")
    var messageRate: Int?

    @Option(help: "Signals that one connection may send in a second; 0 for no limit. (default: 100)")
    var signalRate: Int?

    @Option(help: "Other requests that one connection may send in a second; 0 for no limit. (default: 5)")
    var requestRate: Int?

    @Option(help: "People that a room's chat takes. (default: 5000)")
    var roomPeople: Int?

    @Option(help: "People of one network that a room's chat takes. (default: 100)")
    var roomNetworkPeople: Int?

    @Option(help: ArgumentHelp("Seconds for the head of an HTTP request. (default: 30)", valueName: "seconds"))
    var httpHeadTimeout: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds for the body of an HTTP request, and one more for each KiB. (default: 30)",
            valueName: "seconds"
        )
    )
    var httpBodyTimeout: Int?

    @Option(help: ArgumentHelp("Seconds in which nobody takes an HTTP response. (default: 30)", valueName: "seconds"))
    var httpResponseTimeout: Int?

    @Option(
        help: ArgumentHelp("Seconds between two HTTP requests of a connection. (default: 60)", valueName: "seconds")
    )
    var httpIdleTimeout: Int?

    @Option(help: "Messages of a room that are kept; 0 for all. (default: 100000)")
    var roomMessages: Int?

    @Option(help: ArgumentHelp("Size of a room's messages that are kept, in MiB; 0 for all. (default: 64)"))
    var roomSize: Int?

    @Option(help: ArgumentHelp("Days that messages are kept; 0 for ever. (default: 365)", valueName: "days"))
    var historyDays: Int?

    @Option(help: ArgumentHelp("Size of the whole history, in MiB; 0 for no limit. (default: 10240)"))
    var historySize: Int?

    @Option(
        help: ArgumentHelp(
            "Room on the disk that is left to others, in MiB, at most a twentieth of it. (default: 1024)",
            valueName: "disk-reserve"
        )
    )
    var diskReserve: Int?

    /// What was given as flags.
    var flags: [OptionName: ConfigContent] {
        var flags: [OptionName: ConfigContent] = [:]
        let lists: [OptionName: [String]] = [
            .publicHost: publicHost, .allowedOrigin: allowedOrigin, .trustedProxy: trustedProxy,
            .proxyProtocol: proxyProtocol,
        ]
        let numbers: [OptionName: Int?] = [
            .maxClients: maxClients, .maxNetworkClients: maxNetworkClients,
            .maxSockets: maxSockets, .maxNetworkSockets: maxNetworkSockets,
            .networkHandshakes: networkHandshakes, .eventRate: eventRate, .byteRate: byteRate,
            .maxWaiting: maxWaiting,
            .messageRate: messageRate, .signalRate: signalRate, .requestRate: requestRate,
            .roomPeople: roomPeople, .roomNetworkPeople: roomNetworkPeople,
            .httpHeadTimeout: httpHeadTimeout, .httpBodyTimeout: httpBodyTimeout,
            .httpResponseTimeout: httpResponseTimeout, .httpIdleTimeout: httpIdleTimeout,
            .roomMessages: roomMessages, .roomSize: roomSize, .historyDays: historyDays, .historySize: historySize,
            .diskReserve: diskReserve,
        ]
        for (name, list) in lists where !list.isEmpty { flags[name] = .stringArray(list) }
        for (name, number) in numbers { flags[name] = number.map { .string(String($0)) } }
        return flags
    }
}
