import Networking

/// Where metrics are to be had.
package struct MonitoringAddress: Sendable, Equatable, CustomStringConvertible {
    /// The address to listen on.
    package let host: String
    /// The TCP port; 0 lets the system choose.
    package let port: Int

    /// Reads `PORT`, which is one of the machine itself, or `ADDRESS:PORT` with an address in brackets where it is one of
    /// IPv6; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.last, let port = Int(last), (0...65_535).contains(port), String(port) == last else {
            return nil
        }
        self.port = port
        guard parts.count > 1 else {
            host = "127.0.0.1"
            return
        }
        let name = text.dropLast(last.utf8.count + 1)
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        let address = isBracketed ? name.dropFirst().dropLast() : name
        guard let parsed = IPAddress(address), (parsed.family == .ipv6) == isBracketed else { return nil }
        host = String(address)
    }

    /// `ADDRESS:PORT`, as it is read.
    package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The same address with another port.
    func with(port: Int) -> Self { Self(host: host, port: port) }

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
