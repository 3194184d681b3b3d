#include "datagrams.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "process.h"

enum { PATTERN_SHIFTS = 4096 };

static unsigned char heads[BATCH][LONGEST_HEADER + STAMP];
static unsigned char bytes[BATCH][LONGEST_DATAGRAM];
static struct iovec parts[BATCH][2], rooms[BATCH];
static struct mmsghdr outgoing[BATCH], incoming[BATCH];

// What follows the stamp: another stretch of a text without period for each number.
static const unsigned char *pattern(uint64_t number) {
    static unsigned char text[PATTERN_SHIFTS + LONGEST_DATAGRAM];
    if (text[0] == 0) {
        uint32_t state = 1;
        for (size_t index = 0; index < sizeof text; index++) {
            state = state * 1664525 + 1013904223;
            text[index] = (unsigned char)(state >> 24) | 1;
        }
    }
    return text + number % PATTERN_SHIFTS;
}

// Writes headers and stamp; returns how many bytes they are.
static size_t write_head(
    unsigned char *head, const struct allocation *allocation, const struct options *options, uint32_t slot,
    uint64_t number) {
    memcpy(head, allocation->header, LONGEST_HEADER);
    unsigned char *stamp = head + allocation->header_length;
    if (options->uses_indications) memcpy(head + 8, &number, sizeof number);
    memcpy(stamp, &allocation->index, 4);
    memcpy(stamp + 4, &slot, 4);
    memcpy(stamp + 8, &number, 8);
    return allocation->header_length + STAMP;
}

// Hands all to the kernel as one buffer that it cuts up.
static int send_segmented(const struct allocation *allocation, int count) {
    union {
        char room[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr header;
    } control = {.header = {
        .cmsg_len = CMSG_LEN(sizeof(uint16_t)), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT}};
    uint16_t size = (uint16_t)(parts[0][0].iov_len + parts[0][1].iov_len);
    memcpy(CMSG_DATA(&control.header), &size, sizeof size);
    struct msghdr message = {
        .msg_iov = parts[0],
        .msg_iovlen = (size_t)count * 2,
        .msg_control = control.room,
        .msg_controllen = sizeof control.room};
    return sendmsg(allocation->socket, &message, 0) < 0 ? -1 : count;
}

static void send_batch(struct group *group, struct allocation *allocation, int count, double when) {
    const struct options *options = group->options;
    for (int index = 0; index < count; index++) {
        uint16_t slot = allocation->free_slots[allocation->free_count - 1 - index];
        uint64_t number = group->next_number + (uint64_t)index + 1;
        size_t length = write_head(heads[index], allocation, options, slot, number);
        parts[index][0] = (struct iovec){heads[index], length};
        parts[index][1] = (struct iovec){(void *)pattern(number), (size_t)options->size - STAMP};
        outgoing[index].msg_hdr = (struct msghdr){.msg_iov = parts[index], .msg_iovlen = 2};
    }
    int sent = options->uses_segmentation && count > 1 ? send_segmented(allocation, count)
                                                       : sendmmsg(allocation->socket, outgoing, (unsigned)count, 0);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) die("A client can't send: %s", strerror(errno));
    // What the kernel did not take counts as sent and will be missed, so that it can't be overlooked.
    for (int index = 0; index < count; index++) {
        uint16_t slot = allocation->free_slots[--allocation->free_count];
        allocation->slots[slot] = (struct slot){++group->next_number, when};
    }
    group->tally.sent += (uint64_t)count;
}

void datagrams_send(struct group *group, struct allocation *allocation, int count, double when) {
    // What is handed over as one buffer may not be longer than a datagram could be.
    int together = group->options->uses_segmentation ? 40 : BATCH;
    for (; count > together; count -= together) send_batch(group, allocation, together, when);
    if (count > 0) send_batch(group, allocation, count, when);
}

// Finds the data in a message of the server; `length` becomes theirs.
static const unsigned char *unwrap(
    const struct group *group, const struct allocation *allocation, const unsigned char *message, size_t *length) {
    if (group->options->is_direct) return message;
    if (!group->options->uses_indications) {
        if (*length < CHANNEL_HEADER || memcmp(message, allocation->header, 2) != 0) return NULL;
        size_t padding = *length - CHANNEL_HEADER - get_16(message + 2);
        *length = get_16(message + 2);
        return padding <= 3 ? message + CHANNEL_HEADER : NULL;
    }
    struct sockaddr_in peer;
    if (!stun_is_valid(message, *length) || get_16(message) != DATA_INDICATION ||
        !stun_find_address(message, *length, XOR_PEER_ADDRESS, &peer) || peer.sin_port != allocation->peer.sin_port ||
        peer.sin_addr.s_addr != allocation->peer.sin_addr.s_addr)
        return NULL;
    struct stun_attribute data = stun_find(message, *length, DATA);
    *length = data.length;
    return data.bytes;
}

// Checks what came, and frees its slot; returns what was known of it, with the number 0 if it came too late.
static struct slot take(
    struct group *group, struct allocation *receiver, const unsigned char *message, size_t length) {
    struct allocation *sender = receiver->partner;
    const unsigned char *data = unwrap(group, receiver, message, &length);
    uint32_t index, place;
    uint64_t number;
    if (!data || length != (size_t)group->options->size) die("A message from the server is not one of data.");
    memcpy(&index, data, 4);
    memcpy(&place, data + 4, 4);
    memcpy(&number, data + 8, 8);
    if (index != sender->index || place >= (uint32_t)group->options->window || number > group->next_number ||
        memcmp(data + STAMP, pattern(number), length - STAMP) != 0)
        die("Allocation %u got a datagram that is not its own, or was changed.", receiver->index);
    struct slot slot = sender->slots[place];
    if (slot.number != number) {
        group->tally.late++;
        return (struct slot){0};
    }
    sender->slots[place].number = 0;
    sender->free_slots[sender->free_count++] = (uint16_t)place;
    group->tally.returned++;
    return slot;
}

void datagrams_receive(struct group *group, struct allocation *allocation) {
    // To ask for more than can have come would cost another look at an empty queue.
    int expected = group->options->window - allocation->partner->free_count;
    expected = expected < 1 ? 1 : expected > BATCH ? BATCH : expected;
    for (int index = 0; index < expected; index++) {
        rooms[index] = (struct iovec){bytes[index], sizeof bytes[index]};
        incoming[index].msg_hdr = (struct msghdr){.msg_iov = &rooms[index], .msg_iovlen = 1};
    }
    int count = recvmmsg(allocation->socket, incoming, (unsigned)expected, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN) die("A client can't receive: %s", strerror(errno));
    struct slot returned[BATCH];
    int taken = 0;
    for (int index = 0; index < count; index++) {
        returned[taken] = take(group, allocation, bytes[index], incoming[index].msg_len);
        if (returned[taken].number != 0) taken++;
    }
    if (taken > 0) group->on_return(group, allocation->partner, returned, taken);
}

int datagrams_expire(struct group *group, struct allocation *allocation, double when) {
    int expired = 0;
    for (int place = 0; place < group->options->window; place++) {
        struct slot *slot = &allocation->slots[place];
        if (slot->number == 0 || slot->when >= when) continue;
        slot->number = 0;
        allocation->free_slots[allocation->free_count++] = (uint16_t)place;
        expired++;
    }
    group->tally.lost += (uint64_t)expired;
    return expired;
}
