public import NIOCore
public import STUN
public import TURN

extension TURNServer {
    /// Where a server listens, whom it relays for, and its limits.
    ///
    /// What is not set has a default that is safe on the open Internet: without users, secrets and providers the
    /// server answers STUN and relays nothing.
    public struct Configuration: Sendable {
        /// An address or a name to listen on, for UDP, TCP and TLS.
        ///
        /// Default `nil`, which means all addresses, IPv4 and IPv6, as `::` does.
        public var hostname: String?
        /// The port for UDP and TCP; 0 lets the system choose one that is free for both.
        ///
        /// Default 3478, which is registered for STUN and TURN (RFC 8489 §18.6, RFC 8656 §2.2).
        public var port: Int
        /// Whether clients may come over TCP on ``port``; TLS has its own setting.
        ///
        /// Default `true`: networks that let no UDP through often let TCP through.
        public var listensOnTCP: Bool
        /// The certificate and the port for TLS; `nil` for no TLS, which is the default, as there is no certificate
        /// that fits everybody.
        public var tls: TLS?

        /// The addresses that clients are given for peers to send to, one or more for each family.
        ///
        /// Default empty: the address that the client has reached the server at, which is right wherever no NAT and
        /// no proxy is between the two.
        public var relayAddresses: [RelayAddress]
        /// The ports of relayed addresses.
        ///
        /// Default 49152 to 65535, the dynamic ports, as RFC 8656 §7.2 recommends.
        public var relayPorts: ClosedRange<UInt16>

        /// The realm, of which the keys are made (RFC 8489 §9.2); at most 127 characters.
        ///
        /// Default `linkup`: short, because each refusal carries it, and it means nothing to clients but that
        /// passwords belong to it.
        public var realm: String
        /// Users with passwords that stay, name to password.
        public var users: [String: String]
        /// Secrets that time-limited credentials are made of (``/TURN/TimeLimitedCredentials``): the first issues, all are
        /// accepted, so that a new one can be put in front while credentials of the old are out.
        public var secrets: [String]
        /// Other sources of credentials, asked after ``users`` and ``secrets``, in this order.
        public var providers: [any CredentialProvider]

        /// Who may be reached through the server: the public Internet, or the relays of this server alone.
        ///
        /// Default `nil`, which stands for the public Internet, as everywhere; the LinkUp application takes its own
        /// relays for it, as whoever can open the page has a credential.
        public var relayPeers: PeerPolicy.Reach?
        /// Peers that may be reached although they are denied by ``relayPeers`` or ``/TURN/PeerPolicy/specialPurpose``.
        ///
        /// Default empty: see ``/TURN/PeerPolicy``.
        public var allowedPeers: [AddressRange]
        /// Peers that may not be reached besides; of two ranges the one with the longer prefix counts.
        public var deniedPeers: [AddressRange]
        /// Whether clients that come over TCP or TLS may have TCP connections with peers (RFC 6062).
        ///
        /// Default `false`: no browser asks for one, and services like mail take the server for the client.
        public var allowsTCPRelays: Bool

        /// Ports of this machine on which the program has other services: they are no peers, as little as the server's
        /// own are, whatever is allowed.
        ///
        /// Default empty: what other programs have is for ``allowedPeers`` and ``deniedPeers``.
        public var otherPorts: Set<UInt16>

        /// How many allocations a user may have at a time; 0 for no limit.
        ///
        /// Default 100. A browser makes one for each URL and each peer connection: three URLs in a call of 16 are 45,
        /// and as many again while it changes from one network to another. A hundred are less than a hundredth of the
        /// default ``relayPorts``.
        public var userQuota: Int
        /// How many allocations the users of one IPv4 address, or of one /64 of IPv6, may have together at a time;
        /// 0 for no limit.
        ///
        /// Default 2048: a class of 40 behind one address, all of them in calls of 16 with three URLs, has 40 × 45 =
        /// 1800. It takes six such networks to fill the default ``totalQuota``.
        public var networkQuota: Int
        /// How many allocations there may be at a time; 0 for no limit but the number of ``relayPorts``.
        ///
        /// Default `nil`, which stands for three quarters of ``relayPorts``, and no more than the descriptors that the
        /// process may open, less those that are kept for other things: so there is always a port, and it is found
        /// at once.
        public var totalQuota: Int?
        /// How many bytes of payload an allocation may carry in a second, in each direction; 0 for no limit.
        ///
        /// Holds for each relayed address where peers are reached over TCP. Default 0: what an uplink can bear is not for the program to guess.
        public var maximumBytesPerSecond: Int

        /// How many threads relay datagrams.
        ///
        /// Default: one for each core.
        public var threads: Int
        /// Whether clients may take an allocation with them to another address (RFC 8016).
        ///
        /// Default `false`: browsers don't ask for it, they restart ICE.
        public var mobility: Bool
        /// Whether a channel that is bound lets its peer in only as long as there is a permission as well.
        ///
        /// The RFC has it so: a permission lasts 300 s and a channel 600 s (RFC 8656 §9, §12). Default `false`, a
        /// channel admits the exact address that it is bound to: clients that refresh nothing but channels lose what
        /// peers send for minutes otherwise.
        public var strictPermissions: Bool
        /// Where to send clients of its family that ask for an allocation, before they have proven who they are (300,
        /// RFC 8489 §10); default `nil` for nowhere.
        public var alternateServer: TransportAddress?
        /// A second address of this machine on which clients may examine the NAT before them (RFC 5780); of the
        /// family of the first, which ``hostname`` has to name then.
        ///
        /// Default `nil`: the answers are larger than their requests with it, and browsers don't ask.
        public var otherAddress: IPAddress?

        /// How many answers a second go out over UDP to clients that have not proven who they are, for each IPv4 /24
        /// and IPv6 /56.
        ///
        /// Over TCP and TLS as many go to wrong passwords. Loopback is exempt.
        ///
        /// Default 200: hundreds of people behind one address get on, and who floods a victim through the server from
        /// forged addresses moves little more than 20 kB/s.
        public var unauthenticatedRate: Int
        /// How long a TCP or TLS connection without an allocation may be without a whole message.
        ///
        /// Default 60 s: clients that keep a connection send keep-alives more often, and others ask once.
        public var idleTimeout: Duration
        /// How many TCP and TLS connections may be open.
        ///
        /// Default `nil`, which stands for half of the descriptors that the process may open, less those that it keeps,
        /// and 16,384 at most: the other half is for relays. A connection takes some kilobytes.
        public var maximumConnections: Int?
        /// How many of them one IPv4 address may have, or one /64 of IPv6; loopback is exempt, as proxies come from there.
        ///
        /// Default 256: a household or an office shares an IPv4 address, and a host has all of a /64. Most clients use
        /// UDP; where only TCP gets out, a class of 40 in calls of 4 has 40 × 3 × 2 = 240.
        public var maximumConnectionsPerNetwork: Int
        /// Whether an allocation ends with the credential that it was made with.
        ///
        /// Default `true`. If `false`, whoever had an allocation when the credential ended may keep it: coturn does so,
        /// and services that hand out credentials of an hour have calls that last longer.
        public var endsWithCredentials: Bool

        /// Makes a configuration; what is not given has its default.
        public init(
            hostname: String? = nil,
            port: Int = 3478,
            listensOnTCP: Bool = true,
            tls: TLS? = nil,
            relayAddresses: [RelayAddress] = [],
            relayPorts: ClosedRange<UInt16> = 49152...65535,
            realm: String = "linkup",
            users: [String: String] = [:],
            secrets: [String] = [],
            providers: [any CredentialProvider] = [],
            relayPeers: PeerPolicy.Reach? = nil,
            allowedPeers: [AddressRange] = [],
            deniedPeers: [AddressRange] = [],
            allowsTCPRelays: Bool = false,
            otherPorts: Set<UInt16> = [],
            userQuota: Int = 100,
            networkQuota: Int = 2048,
            totalQuota: Int? = nil,
            maximumBytesPerSecond: Int = 0,
            threads: Int = System.coreCount,
            mobility: Bool = false,
            strictPermissions: Bool = false,
            alternateServer: TransportAddress? = nil,
            otherAddress: IPAddress? = nil,
            unauthenticatedRate: Int = 200,
            idleTimeout: Duration = .seconds(60),
            maximumConnections: Int? = nil,
            maximumConnectionsPerNetwork: Int = 256,
            endsWithCredentials: Bool = true
        ) {
            self.hostname = hostname
            self.port = port
            self.listensOnTCP = listensOnTCP
            self.tls = tls
            self.relayAddresses = relayAddresses
            self.relayPorts = relayPorts
            self.realm = realm
            self.users = users
            self.secrets = secrets
            self.providers = providers
            self.relayPeers = relayPeers
            self.allowedPeers = allowedPeers
            self.deniedPeers = deniedPeers
            self.allowsTCPRelays = allowsTCPRelays
            self.otherPorts = otherPorts
            self.userQuota = userQuota
            self.networkQuota = networkQuota
            self.totalQuota = totalQuota
            self.maximumBytesPerSecond = maximumBytesPerSecond
            self.threads = threads
            self.mobility = mobility
            self.strictPermissions = strictPermissions
            self.alternateServer = alternateServer
            self.otherAddress = otherAddress
            self.unauthenticatedRate = unauthenticatedRate
            self.idleTimeout = idleTimeout
            self.maximumConnections = maximumConnections
            self.maximumConnectionsPerNetwork = maximumConnectionsPerNetwork
            self.endsWithCredentials = endsWithCredentials
        }
    }
}

extension TURNServer.Configuration {
    /// How TLS is spoken.
    public struct TLS: Hashable, Sendable {
        /// The TCP port for TLS; 0 lets the system choose.
        ///
        /// `nil` for none: then the program that the server is part of listens, and hands over what is TURN.
        ///
        /// Default 5349, which is registered for STUN and TURN over TLS (RFC 8489 §18.6, RFC 8656 §2.2).
        public var port: Int?
        /// The file with the certificate and what leads from it to a root, in PEM; read again when it changes.
        public var certificateFile: String
        /// The file with the private key, in PEM; read again when it changes.
        public var privateKeyFile: String

        /// Makes a setting.
        public init(port: Int? = 5349, certificateFile: String, privateKeyFile: String) {
            self.port = port
            self.certificateFile = certificateFile
            self.privateKeyFile = privateKeyFile
        }
    }

    /// An address for relaying.
    public struct RelayAddress: Hashable, Sendable {
        /// What clients are told, and peers send to.
        public var publicAddress: IPAddress
        /// The address of this machine that what is sent there arrives at, if it is another of the same family.
        ///
        /// It is behind a NAT that passes the relay's ports on. Default `nil` for the public address itself.
        public var localAddress: IPAddress?

        /// Makes an address.
        public init(publicAddress: IPAddress, localAddress: IPAddress? = nil) {
            self.publicAddress = publicAddress
            self.localAddress = localAddress
        }
    }

    /// Whether anybody can prove who they are; without, the server answers STUN only.
    public var relays: Bool {
        !users.isEmpty || !secrets.isEmpty || !providers.isEmpty
    }
}
