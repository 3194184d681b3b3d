import NIOCore
import Networking

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the machine's network looks like.
public enum NetworkInterfaces {
    /// Whether sockets of IPv6 can be made.
    static var hasIPv6: Bool {
        #if canImport(Darwin)
        let type = SOCK_STREAM
        #else
        let type = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET6, type, 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// The names under which other machines may know this one: its own, and that of multicast DNS (RFC 6762).
    static var hostNames: [String] {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return [] }
        let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard !name.isEmpty else { return [] }
        let first = name.prefix { $0 != "." }
        return [name, String(first), "\(first).local"]
    }

    /// The addresses of both families at which other machines may reach this one; those of a single link aside, which
    /// browsers take none of.
    static var addresses: [IPAddress] {
        let link: [AddressRange] = ["fe80::/10", "169.254.0.0/16"]
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.compactMap { device in
            guard let address = device.address?.ipAddress.flatMap({ IPAddress($0) })?.unmapped, !address.isLoopback,
                !link.contains(where: { $0.contains(address) })
            else { return nil }
            return address
        }
    }

    /// The IPv4 addresses at which other machines of the local network may reach this one.
    public static func localNetworkAddresses() -> [String] {
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.compactMap { device in
            guard case .v4 = device.address, let address = device.address?.ipAddress,
                !address.hasPrefix("127."), !address.hasPrefix("169.254.")
            else { return nil }
            return address
        }
    }
}
