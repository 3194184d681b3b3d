import Monitoring
import STUN
import TURN
import TURNServer

extension OptionReader {
    /// Reads what the TURN server has to know.
    /// - Throws: ``OptionError`` for what can't be right.
    func turnConfiguration() throws(OptionError) -> TURNServer.Configuration {
        var configuration = TURNServer.Configuration()
        configuration.hostname = try nonEmpty(.hostname)?.value
        configuration.port = try number(.turnPort, in: 0...65_535)?.value ?? configuration.port
        configuration.listensOnTCP = try !isSet(.noTCP)
        configuration.tls = try tls()
        configuration.relayAddresses = try relayAddresses()
        configuration.relayPorts = try relayPorts(besides: configuration.port) ?? configuration.relayPorts
        configuration.realm = try realm() ?? configuration.realm
        configuration.users = try users()
        configuration.secrets = try secrets()
        configuration.allowedPeers = try ranges(.allowPeer)
        configuration.deniedPeers = try ranges(.denyPeer)
        configuration.userQuota = try number(.userQuota, in: 0...Int.max)?.value ?? configuration.userQuota
        configuration.networkQuota = try number(.networkQuota, in: 0...Int.max)?.value ?? configuration.networkQuota
        configuration.totalQuota = try number(.totalQuota, in: 0...Int.max)?.value ?? configuration.totalQuota
        configuration.maximumBytesPerSecond =
            try number(.maxBps, in: 0...Int.max)?.value ?? configuration.maximumBytesPerSecond
        configuration.maximumConnections = try number(.maxConnections, in: 1...Int.max)?.value
        configuration.maximumConnectionsPerNetwork =
            try number(.maxConnectionsPerNetwork, in: 1...Int.max)?.value ?? configuration.maximumConnectionsPerNetwork
        configuration.threads = try number(.threads, in: 1...256)?.value ?? configuration.threads
        configuration.mobility = try isSet(.mobility)
        configuration.strictPermissions = try isSet(.strictPermissions)
        configuration.alternateServer = try alternateServer()
        configuration.otherAddress = try otherAddress(besides: configuration.hostname)
        return configuration
    }

    /// Who may be reached by whoever has a credential; `nil` if nothing was said.
    /// - Throws: ``OptionError`` if there is no such choice.
    func relayPeers() throws(OptionError) -> PeerPolicy.Reach? {
        try text(.relayPeers)?.read(as: "own or public") { PeerPolicy.Reach(rawValue: $0) }.value
    }

    /// An option whose text must not be empty.
    func nonEmpty(_ option: OptionName) throws(OptionError) -> Setting<String>? {
        guard let setting = try text(option) else { return nil }
        guard !setting.value.isEmpty else { throw setting.error("must not be empty") }
        return setting
    }

    private func tls() throws(OptionError) -> TURNServer.Configuration.TLS? {
        let certificate = try readableFile(.certificate)
        let privateKey = try readableFile(.privateKey)
        let port = try number(.tlsPort, in: 0...65_535)
        switch (certificate, privateKey) {
        case (let certificate?, let privateKey?):
            var tls = TURNServer.Configuration.TLS(
                certificateFile: certificate.value,
                privateKeyFile: privateKey.value
            )
            tls.port = port?.value ?? tls.port
            return tls
        case (let certificate?, nil): throw certificate.error("needs \(OptionName.privateKey.flag) as well")
        case (nil, let privateKey?): throw privateKey.error("needs \(OptionName.certificate.flag) as well")
        case (nil, nil):
            if let port { throw port.error("needs \(OptionName.certificate.flag) and \(OptionName.privateKey.flag)") }
            return nil
        }
    }

    private func readableFile(_ option: OptionName) throws(OptionError) -> Setting<String>? {
        guard let setting = try nonEmpty(option) else { return nil }
        if let problem = FileProblem.whyUnreadable(setting.value) {
            throw OptionError("\(setting.name): cannot read \(setting.value): \(problem).", isInFile: true)
        }
        return setting
    }

    private func relayAddresses() throws(OptionError) -> [TURNServer.Configuration.RelayAddress] {
        var addresses: [TURNServer.Configuration.RelayAddress] = []
        for setting in try texts(.relayAddress) {
            let parts = setting.value.split(separator: "/", omittingEmptySubsequences: false)
            let ips = parts.compactMap { IPAddress($0) }
            guard (1...2).contains(parts.count), ips.count == parts.count else {
                throw setting.error("must be an IP address, or PUBLIC/LOCAL, not \(setting.value)")
            }
            guard !ips.contains(where: \.isUnspecified) else {
                throw setting.error("must be an address that peers can send to, not \(setting.value)")
            }
            let local = ips.count == 2 ? ips[1] : nil
            guard local?.family ?? ips[0].family == ips[0].family else {
                throw setting.error("must name two addresses of one family, not \(setting.value)")
            }
            addresses.append(.init(publicAddress: ips[0], localAddress: local))
        }
        return addresses
    }

    /// Two ports at least: a client may ask for a pair (RFC 8656 §7.2).
    private func relayPorts(besides port: Int) throws(OptionError) -> ClosedRange<UInt16>? {
        guard let setting = try text(.relayPorts) else { return nil }
        let range = try setting.read(as: "two ports of 1 to 65535, as in 49152-65535") { text -> ClosedRange<UInt16>? in
            let ports = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard ports.count == 2, let first = ports[0], let last = ports[1], first > 0, first <= last else {
                return nil
            }
            return first...last
        }
        guard range.value.count >= 2 else { throw range.error("must have two ports or more, not \(setting.value)") }
        if let port = UInt16(exactly: port), range.value.contains(port) {
            throw range.error("must not contain port \(port), which the server listens on")
        }
        return range.value
    }

    private func realm() throws(OptionError) -> String? {
        guard let setting = try nonEmpty(.realm) else { return nil }
        guard (try? Realm(setting.value)) != nil else { throw setting.error("must have 127 characters or fewer") }
        guard setting.value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "\"" && $0.value != 0x7F }) else {
            throw setting.error("must not contain quotes and control characters")
        }
        return setting.value
    }

    /// Messages don't repeat the values: a password is in them.
    private func users() throws(OptionError) -> [String: String] {
        var users: [String: String] = [:]
        for setting in try texts(.user) {
            guard let colon = setting.value.firstIndex(of: ":") else { throw setting.error("must be NAME:PASSWORD") }
            let name = String(setting.value[..<colon])
            let password = String(setting.value[colon...].dropFirst())
            guard !name.isEmpty, !password.isEmpty else { throw setting.error("must be NAME:PASSWORD, both not empty") }
            guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw setting.error("has a name with control characters")
            }
            guard (try? Username(name)) != nil else { throw setting.error("has a name that is too long") }
            guard users.updateValue(password, forKey: name) == nil else { throw setting.error("names \(name) twice") }
        }
        return users
    }

    private func secrets() throws(OptionError) -> [String] {
        let settings = try texts(.secret)
        if let empty = settings.first(where: \.value.isEmpty) { throw empty.error("must not be empty") }
        return settings.map(\.value)
    }

    private func alternateServer() throws(OptionError) -> TransportAddress? {
        try text(.alternateServer)?.read(as: "an IP address, or one with a port: 192.0.2.1:3478, [2001:db8::1]:3478") {
            TransportAddress($0, defaultPort: 3478)
        }.value
    }

    private func otherAddress(besides hostname: String?) throws(OptionError) -> IPAddress? {
        guard let setting = try text(.otherAddress)?.read(as: "an IP address", { IPAddress($0) }) else { return nil }
        guard let first = hostname.flatMap({ IPAddress($0) }), !first.isUnspecified else {
            throw setting.error("needs the first address in \(OptionName.hostname.flag)")
        }
        guard first != setting.value else { throw setting.error("must be another address than \(first)") }
        guard first.family == setting.value.family else {
            throw setting.error("must be of the family of \(first), not \(setting.value)")
        }
        return setting.value
    }
}

extension TransportAddress {
    /// Reads an IP address with a port or without; an IPv6 address with a port is in brackets.
    init?(_ text: String, defaultPort: UInt16) {
        if let ip = IPAddress(text) {
            self.init(ip: ip, port: defaultPort)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let ip = IPAddress(text[..<colon]),
            let port = UInt16(text[colon...].dropFirst()), port > 0,
            ip.family == .ipv4 || text.hasPrefix("[")
        else { return nil }
        self.init(ip: ip, port: port)
    }
}

extension OptionReader {
    /// Reads where metrics are to be had.
    func monitoringAddress() throws(OptionError) -> MonitoringAddress? {
        try text(.metrics)?.read(as: "PORT or ADDRESS:PORT, as 9464 or [::1]:9464") { MonitoringAddress($0) }.value
    }
}
