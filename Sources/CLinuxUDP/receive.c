#include "internal.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/// The longest datagram (RFC 768).
#define LONGEST 65535
/// From one slot to the next: a little more than a multiple of 4096, or the beginnings of all datagrams would share a
/// few lines of the cache.
#define STRIDE (65536 + 512)

_Static_assert(UDP_HEADROOM + LONGEST + UDP_TAILROOM <= STRIDE, "a slot holds any datagram");

/// Pages are only taken by datagrams that reach them.
static const size_t arena_length = (size_t)UDP_SLOTS * STRIDE;

/// A kernel that does not know the option ignores the control message that asks for it, and would send one datagram
/// in place of many.
static bool can_segment(void) {
#if defined(__linux__)
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    int length = 0;
    int result = setsockopt(descriptor, SOL_UDP, UDP_SEGMENT, &length, sizeof length);
    close(descriptor);
    return result == 0;
#else
    return false;
#endif
}

static void prepare(struct udp_io *io, int slot) {
    struct udp_vectors *vectors = io->vectors;
    vectors->slots[slot] = (struct iovec){.iov_base = io->received[slot].bytes, .iov_len = LONGEST};
    vectors->arrivals[slot].msg_hdr = (struct msghdr){
        .msg_name = &vectors->sources[slot],
        .msg_namelen = sizeof vectors->sources[slot],
        .msg_iov = &vectors->slots[slot],
        .msg_iovlen = 1,
        .msg_control = vectors->received_control[slot],
        .msg_controllen = CONTROL_SPACE,
    };
}

struct udp_io *udp_io_create(bool portable) {
    struct udp_io *io = calloc(1, sizeof *io);
    uint8_t *arena = mmap(NULL, arena_length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (io == NULL || arena == MAP_FAILED) abort();
    io->received = calloc(UDP_SLOTS, sizeof *io->received);
    io->packets = calloc(UDP_PACKETS, sizeof *io->packets);
    io->scratch = malloc(UDP_SCRATCH);
    io->vectors = calloc(1, sizeof *io->vectors);
    if (io->received == NULL || io->packets == NULL || io->scratch == NULL || io->vectors == NULL) abort();
    for (int slot = 0; slot < UDP_SLOTS; slot++) {
        io->received[slot].bytes = arena + slot * STRIDE + UDP_HEADROOM;
        prepare(io, slot);
    }
    io->portable = portable;
    io->segmentation_pause = portable || !can_segment() ? INT32_MAX : 0;
    return io;
}

void udp_io_destroy(struct udp_io *io) {
    munmap(io->received[0].bytes - UDP_HEADROOM, arena_length);
    free(io->received);
    free(io->packets);
    free(io->scratch);
    free(io->vectors);
    free(io);
}

static void read_control(struct msghdr *header, struct udp_received *datagram) {
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL; item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(item), sizeof info);
            datagram->local.family = UDP_IPV4;
            datagram->local.high = 0;
            datagram->local.low = ntohl(info.ipi_addr.s_addr);
            datagram->local.scope = 0;
        } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(item), sizeof info);
            datagram->local.family = UDP_IPV6;
            datagram->local.high = udp_load_be64(info.ipi6_addr.s6_addr);
            datagram->local.low = udp_load_be64(info.ipi6_addr.s6_addr + 8);
            datagram->local.scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
#if defined(__linux__)
        } else if (item->cmsg_level == SOL_UDP && item->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(item), sizeof segment);
            datagram->segment = segment > 0 ? (uint32_t)segment : 0;
#endif
        }
    }
}

static int receive_messages(struct udp_io *io, int descriptor, struct mmsghdr *messages, int count) {
#if defined(__linux__)
    if (!io->portable) return recvmmsg(descriptor, messages, (unsigned)count, MSG_DONTWAIT, NULL);
#endif
    int received = 0;
    while (received < count) {
        ssize_t length = recvmsg(descriptor, &messages[received].msg_hdr, MSG_DONTWAIT);
        if (length < 0) break;
        messages[received].msg_len = (unsigned)length;
        received++;
    }
    return received > 0 ? received : -1;
}

int udp_receive(struct udp_io *io, int descriptor, int first, int count) {
    struct udp_vectors *vectors = io->vectors;
    struct mmsghdr *messages = vectors->arrivals + first;
    int received;
    // A datagram that did not arrive somewhere is reported once, in place of one that did arrive here.
    for (int attempt = 0;; attempt++) {
        received = receive_messages(io, descriptor, messages, count);
        if (received >= 0) break;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (attempt == 2) return -errno;
    }
    for (int i = 0; i < received; i++) {
        struct udp_received *datagram = &io->received[first + i];
        struct msghdr *header = &messages[i].msg_hdr;
        datagram->length = messages[i].msg_len;
        datagram->segment = 0;
        datagram->truncated = (header->msg_flags & MSG_TRUNC) != 0;
        datagram->local.family = UDP_NO_ADDRESS;
        udp_address_read(&vectors->sources[first + i], &datagram->source);
        header->msg_namelen = sizeof vectors->sources[first + i];
        if (header->msg_controllen > 0) read_control(header, datagram);
        header->msg_controllen = CONTROL_SPACE;
    }
    return received;
}
