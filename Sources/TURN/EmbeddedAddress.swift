import STUN

extension IPAddress {
    /// The IPv4 addresses that an IPv6 address carries, in any of the ways in which a packet to it may end at them.
    ///
    /// One address may be read in several ways; a policy has to like each of them.
    var embeddedIPv4: [IPAddress] {
        guard family == .ipv6 else { return [] }
        let last = UInt32(truncatingIfNeeded: low)
        var found: [UInt32] = []
        switch (high, low >> 32) {
        case (0, 0) where low > 1:  // IPv4-compatible, RFC 4291 §2.5.5.1; :: and ::1 are not
            found.append(last)
        case (0, 0xFFFF):  // IPv4-mapped, RFC 4291 §2.5.5.2
            found.append(last)
        case (0, 0xFFFF_0000):  // IPv4-translated, RFC 2765 §2.1
            found.append(last)
        case (0x0064_FF9B_0000_0000, 0):  // NAT64, RFC 6052 §2.1
            found.append(last)
        default: break
        }
        if high >> 16 == 0x0064_FF9B_0001 {  // NAT64 of one's own, RFC 8215, in the forms of RFC 6052 §2.2
            found.append(last)
            let behindPrefix48 = UInt32(truncatingIfNeeded: high & 0xFFFF) << 16
            found.append(behindPrefix48 | UInt32(truncatingIfNeeded: low >> 40) & 0xFFFF)
        }
        if high >> 48 == 0x2002 {  // 6to4, RFC 3056 §2
            found.append(UInt32(truncatingIfNeeded: high >> 16))
        }
        if high >> 32 == 0x2001_0000 {  // Teredo, RFC 4380 §4: server, and client with its bits turned over
            found.append(UInt32(truncatingIfNeeded: high))
            found.append(~last)
        }
        if (low >> 32) & ~0x0200_0000 == 0x0000_5EFE {  // ISATAP, RFC 5214 §6.1
            found.append(last)
        }
        return found.map(IPAddress.init(ipv4:))
    }
}
