#include "internal.h"

/// The most datagrams that go as one, the least that every kernel with the option takes.
#define LONGEST_RUN 64
/// The longest datagrams of which several go as one: what fits into an Ethernet frame.
#define LONGEST_SEGMENT 1452
/// What fits into one IPv4 datagram, with room to spare.
#define LONGEST_TOTAL 65000
/// How many runs are sent one by one after the system has refused to join one.
#define PAUSE 256

static bool is_same(const struct udp_address *a, const struct udp_address *b) {
    return a->low == b->low && a->port == b->port && a->high == b->high && a->family == b->family
        && a->scope == b->scope;
}

static void *append_control(struct msghdr *header, int level, int type, size_t length) {
    struct cmsghdr *item = (struct cmsghdr *)((uint8_t *)header->msg_control + header->msg_controllen);
    item->cmsg_level = level;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(length);
    header->msg_controllen += CMSG_SPACE(length);
    return CMSG_DATA(item);
}

static void append_source(struct msghdr *header, const struct udp_address *from) {
    if (from->family == UDP_IPV4) {
        struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl((uint32_t)from->low)};
        memcpy(append_control(header, IPPROTO_IP, IP_PKTINFO, sizeof info), &info, sizeof info);
    } else if (from->family == UDP_IPV6) {
        struct in6_pktinfo info = {.ipi6_ifindex = from->scope};
        udp_store_be64(from->high, info.ipi6_addr.s6_addr);
        udp_store_be64(from->low, info.ipi6_addr.s6_addr + 8);
        memcpy(append_control(header, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info), &info, sizeof info);
    }
}

static int send_messages(struct udp_io *io, int descriptor, struct mmsghdr *messages, int count) {
#if defined(__linux__)
    if (!io->portable && count > 1) return sendmmsg(descriptor, messages, (unsigned)count, MSG_DONTWAIT);
#endif
    const struct msghdr *header = &messages[0].msg_hdr;
    // Most datagrams leave alone when clients are many: this call has the least to read.
    if (header->msg_iovlen == 1 && header->msg_control == NULL) {
        const struct iovec *part = header->msg_iov;
        return sendto(descriptor, part->iov_base, part->iov_len, MSG_DONTWAIT, header->msg_name, header->msg_namelen) < 0
                   ? -1
                   : 1;
    }
    return sendmsg(descriptor, header, MSG_DONTWAIT) < 0 ? -1 : 1;
}

static void set_dont_fragment(struct udp_socket *socket, bool value) {
    socket->dont_fragment = value;
#if defined(__linux__)
    if (socket->family == UDP_IPV4) {
        // What the kernel believes of the path is not asked: the network's own word reaches the client.
        int mode = value ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
        setsockopt(socket->descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &mode, sizeof mode);
        return;
    }
#endif
#if defined(IPV6_DONTFRAG)
    int on = value;
    if (socket->family == UDP_IPV6) setsockopt(socket->descriptor, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on);
#endif
}

/// How many packets from `index` on can go as one: to the same place, of the same length, the last may be shorter.
static int measure_run(const struct udp_io *io, int32_t index) {
    const struct udp_packet *head = &io->packets[index];
    if (io->segmentation_pause > 0 || head->length == 0 || head->length > LONGEST_SEGMENT) return 1;
    int count = 1;
    uint32_t total = head->length;
    for (int32_t i = head->next; i >= 0 && count < LONGEST_RUN; i = io->packets[i].next) {
        const struct udp_packet *packet = &io->packets[i];
        total += packet->length;
        if (packet->length == 0 || packet->length > head->length || total > LONGEST_TOTAL) break;
        if (packet->dont_fragment != head->dont_fragment) break;
        if (!is_same(&packet->to, &head->to) || !is_same(&packet->from, &head->from)) break;
        count++;
        if (packet->length < head->length) break;
    }
    return count;
}

/// Makes message `number` of `count` packets from `index` on. Returns the packet behind.
static int32_t make_message(struct udp_io *io, int number, int32_t index, int count, struct iovec *parts) {
    struct udp_vectors *vectors = io->vectors;
    struct msghdr *header = &vectors->messages[number].msg_hdr;
    const struct udp_packet *head = &io->packets[index];
    header->msg_name = &vectors->names[number];
    header->msg_namelen = udp_name_make(&head->to, &vectors->names[number]);
    header->msg_iov = parts;
    header->msg_iovlen = (size_t)count;
    header->msg_control = vectors->control[number];
    header->msg_controllen = 0;
    header->msg_flags = 0;
    vectors->firsts[number] = index;
    append_source(header, &head->from);
#if defined(__linux__)
    if (count > 1) {
        uint16_t segment = (uint16_t)head->length;
        memcpy(append_control(header, SOL_UDP, UDP_SEGMENT, sizeof segment), &segment, sizeof segment);
    }
#endif
    if (header->msg_controllen == 0) header->msg_control = NULL;
    for (int i = 0; i < count; i++) {
        parts[i].iov_base = (void *)io->packets[index].bytes;
        parts[i].iov_len = io->packets[index].length;
        index = io->packets[index].next;
    }
    return index;
}

/// Sends one message, which may be a run, datagram by datagram. Returns how many were given up.
static int send_singly(struct udp_io *io, int descriptor, int number) {
    struct msghdr *header = &io->vectors->messages[number].msg_hdr;
    struct iovec *parts = header->msg_iov;
    const int count = (int)header->msg_iovlen;
    header->msg_iovlen = 1;
    header->msg_control = io->vectors->control[number];
    header->msg_controllen = 0;
    append_source(header, &io->packets[io->vectors->firsts[number]].from);
    if (header->msg_controllen == 0) header->msg_control = NULL;
    int lost = 0;
    for (int i = 0; i < count; i++) {
        header->msg_iov = &parts[i];
        if (sendmsg(descriptor, header, MSG_DONTWAIT) < 0) lost++;
    }
    return lost;
}

/// Sends `count` messages. Returns how many datagrams were given up.
static int send_all(struct udp_io *io, int descriptor, int count) {
    struct mmsghdr *messages = io->vectors->messages;
    int lost = 0;
    bool again = false;
    for (int done = 0; done < count;) {
        int sent = send_messages(io, descriptor, messages + done, count - done);
        if (sent > 0) {
            done += sent;
            again = false;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            // The rest would find the buffer as full.
            for (; done < count; done++) lost += (int)messages[done].msg_hdr.msg_iovlen;
            break;
        }
        // The error may be that of an earlier datagram, which is reported in place of sending this one.
        if (!again && errno != ENOBUFS) {
            again = true;
            continue;
        }
        if (messages[done].msg_hdr.msg_iovlen > 1) {
            io->segmentation_pause = PAUSE;
            lost += send_singly(io, descriptor, done);
        } else {
            lost++;
        }
        done++;
        again = false;
    }
    return lost;
}

int udp_send(struct udp_io *io, struct udp_socket *socket) {
    int lost = 0;
    int32_t index = socket->first;
    socket->first = socket->last = -1;
    while (index >= 0) {
        int messages = 0, parts = 0;
        if (io->packets[index].dont_fragment != socket->dont_fragment) {
            set_dont_fragment(socket, !socket->dont_fragment);
        }
        while (index >= 0 && io->packets[index].dont_fragment == socket->dont_fragment) {
            int count = measure_run(io, index);
            index = make_message(io, messages, index, count, io->vectors->parts + parts);
            parts += count;
            messages++;
        }
        if (io->segmentation_pause > 0 && io->segmentation_pause < INT32_MAX) io->segmentation_pause--;
        lost += send_all(io, socket->descriptor, messages);
    }
    return lost;
}
