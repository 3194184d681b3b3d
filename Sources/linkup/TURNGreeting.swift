import TURNServer

/// What is printed when STUN and TURN are there; programs that wait for it read the ports from it.
struct TURNGreeting {
    /// One line for each port.
    let lines: [String]

    /// Words it.
    /// - Parameters:
    ///   - configuration: The server's.
    ///   - port: The port that is listened on.
    ///   - tlsPort: The port for TLS, if there is one.
    init(configuration: TURNServer.Configuration, port: Int, tlsPort: Int?) {
        let name = configuration.relays ? "TURN" : "STUN"
        let transports = configuration.listensOnTCP ? "UDP and TCP" : "UDP"
        var lines = ["\(name) listens on port \(port) (\(transports))."]
        if let tlsPort {
            lines.append("\(name) over TLS listens on port \(tlsPort).")
        }
        self.lines = lines
    }
}
