#ifndef CLINUXUDP_INTERNAL_H
#define CLINUXUDP_INTERNAL_H

#if defined(__APPLE__)
#define __APPLE_USE_RFC_3542
#endif

#include "CLinuxUDP.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#if defined(__linux__)
#include <linux/errqueue.h>
#if !defined(SOL_UDP)
#define SOL_UDP 17
#endif
#if !defined(UDP_SEGMENT)
#define UDP_SEGMENT 103
#endif
#if !defined(UDP_GRO)
#define UDP_GRO 104
#endif
#else
struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned msg_len;
};
#endif

/// Room for an IPv6 packet info and a segment length, each with its header.
#define CONTROL_SPACE 96
/// How many parts the messages of one system call have together.
#define PARTS UDP_PACKETS

union udp_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct udp_vectors {
    // What datagrams are received with; always ready.
    struct mmsghdr arrivals[UDP_SLOTS];
    struct iovec slots[UDP_SLOTS];
    union udp_name sources[UDP_SLOTS];
    _Alignas(struct cmsghdr) uint8_t received_control[UDP_SLOTS][CONTROL_SPACE];

    struct mmsghdr messages[UDP_PACKETS];
    struct iovec parts[PARTS];
    union udp_name names[UDP_PACKETS];
    int32_t firsts[UDP_PACKETS];
    _Alignas(struct cmsghdr) uint8_t control[UDP_PACKETS][CONTROL_SPACE];
};

socklen_t udp_name_make(const struct udp_address *address, union udp_name *name);
void udp_address_read(const union udp_name *name, struct udp_address *address);
uint64_t udp_load_be64(const uint8_t *bytes);
void udp_store_be64(uint64_t value, uint8_t *bytes);

#endif
