#include "internal.h"

#include <fcntl.h>
#include <unistd.h>

/// What a listener's socket holds for a thread that is busy: at 200 bytes a datagram, and what the kernel adds to each,
/// some thousand. The system may allow less.
#define LARGE_BUFFER (4 << 20)

static int set(int descriptor, int level, int option, int value) {
    return setsockopt(descriptor, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

static int make_socket(int family) {
#if defined(__linux__)
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
    int descriptor = socket(family, SOCK_DGRAM, 0);
    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    return descriptor;
#endif
}

static int set_options(int descriptor, uint8_t family, unsigned options) {
    int result = 0;
    if (family == UDP_IPV6) result = set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (result == 0 && options & UDP_REUSE_PORT) result = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (result == 0 && options & UDP_DESTINATION) {
#if defined(__linux__)
        const int v4 = IP_PKTINFO;
#else
        const int v4 = IP_RECVPKTINFO;
#endif
        result = family == UDP_IPV6 ? set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                                    : set(descriptor, IPPROTO_IP, v4, 1);
    }
    // What follows makes things better where the system has it.
    if (options & UDP_LARGE_BUFFERS) {
        set(descriptor, SOL_SOCKET, SO_RCVBUF, LARGE_BUFFER);
        set(descriptor, SOL_SOCKET, SO_SNDBUF, LARGE_BUFFER);
    }
#if defined(__linux__)
    if (family == UDP_IPV4) set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    if (options & UDP_ERRORS) {
        if (family == UDP_IPV6) {
            set(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
        } else {
            set(descriptor, IPPROTO_IP, IP_RECVERR, 1);
        }
    }
    if (options & UDP_JOIN) set(descriptor, SOL_UDP, UDP_GRO, 1);
#endif
    return result;
}

int udp_open(const struct udp_address *address, unsigned options, struct udp_address *bound) {
    union udp_name name;
    socklen_t length = udp_name_make(address, &name);
    int descriptor = make_socket(name.any.sa_family);
    if (descriptor < 0) return -errno;
    int result = set_options(descriptor, address->family, options);
    if (result == 0 && bind(descriptor, &name.any, length) < 0) result = -errno;
    if (result == 0 && bound != NULL) {
        length = sizeof name;
        if (getsockname(descriptor, &name.any, &length) < 0) result = -errno;
        udp_address_read(&name, bound);
    }
    if (result == 0) return descriptor;
    close(descriptor);
    return result;
}

int udp_share_port(int descriptor) {
    return set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
}

void udp_close(int descriptor) {
    close(descriptor);
}

int udp_read_error(int descriptor, struct udp_error *error) {
#if defined(__linux__)
    union udp_name name;
    _Alignas(struct cmsghdr) uint8_t control[256];
    struct msghdr header = {
        .msg_name = &name,
        .msg_namelen = sizeof name,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    memset(&name, 0, sizeof name);
    if (recvmsg(descriptor, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
    memset(error, 0, sizeof *error);
    udp_address_read(&name, &error->peer);
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&header); item != NULL; item = CMSG_NXTHDR(&header, item)) {
        bool isV4 = item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR;
        bool isV6 = item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR;
        if (!isV4 && !isV6) continue;
        struct sock_extended_err report;
        memcpy(&report, CMSG_DATA(item), sizeof report);
        error->from_network = report.ee_origin == SO_EE_ORIGIN_ICMP || report.ee_origin == SO_EE_ORIGIN_ICMP6;
        error->type = report.ee_type;
        error->code = report.ee_code;
        error->mtu = report.ee_errno == EMSGSIZE ? report.ee_info : 0;
    }
    return 1;
#else
    (void)descriptor;
    (void)error;
    return 0;
#endif
}

int udp_source(const struct udp_address *peer, struct udp_address *source) {
    union udp_name name;
    socklen_t length = udp_name_make(peer, &name);
    int descriptor = make_socket(name.any.sa_family);
    if (descriptor < 0) return -errno;
    // Nothing is sent: the system looks for a route, and keeps the address that belongs to it.
    int result = connect(descriptor, &name.any, length) < 0 ? -errno : 0;
    length = sizeof name;
    if (result == 0 && getsockname(descriptor, &name.any, &length) < 0) result = -errno;
    if (result == 0) udp_address_read(&name, source);
    close(descriptor);
    return result;
}
