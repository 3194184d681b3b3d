#include "peers.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "process.h"

static unsigned char bytes[BATCH][LONGEST_DATAGRAM];
static struct sockaddr_in sources[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static void check(struct group *group, const unsigned char *datagram, size_t length, const struct sockaddr_in *source) {
    uint32_t index;
    if (length != (size_t)group->options->size) die("A peer got %zu bytes.", length);
    memcpy(&index, datagram, sizeof index);
    if (index >= (uint32_t)group->count) die("A peer got a datagram of no allocation.");
    const struct sockaddr_in *relayed = &group->allocations[index].relayed;
    if (source->sin_port != relayed->sin_port || source->sin_addr.s_addr != relayed->sin_addr.s_addr)
        die("A peer got a datagram of allocation %u from another's relayed address.", index);
}

void peer_receive(struct group *group, struct peer *peer) {
    for (int index = 0; index < BATCH; index++) {
        parts[index] = (struct iovec){bytes[index], sizeof bytes[index]};
        messages[index].msg_hdr = (struct msghdr){
            .msg_name = &sources[index],
            .msg_namelen = sizeof sources[index],
            .msg_iov = &parts[index],
            .msg_iovlen = 1};
    }
    int count = recvmmsg(peer->socket, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN && errno != ECONNREFUSED) die("A peer can't receive: %s", strerror(errno));
    for (int index = 0; index < count; index++) {
        parts[index].iov_len = messages[index].msg_len;
        check(group, bytes[index], messages[index].msg_len, &sources[index]);
    }
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(peer->socket, messages + sent, (unsigned)(count - sent), 0);
        // One that can't be sent is lost, and is counted as such where it is missed.
        sent += more > 0 ? more : 1;
    }
}
