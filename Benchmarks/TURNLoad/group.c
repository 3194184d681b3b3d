#include "group.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "datagrams.h"
#include "peers.h"
#include "process.h"

static void *zeroed(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) die("Out of memory.");
    return memory;
}

int open_socket(const char *host, int buffer, struct sockaddr_in *address) {
    struct sockaddr_in wanted = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};
    socklen_t size = sizeof *address;
    int result = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (result < 0 || bind(result, (struct sockaddr *)&wanted, sizeof wanted) != 0 ||
        getsockname(result, (struct sockaddr *)address, &size) != 0)
        die("Can't open a socket on %s: %s", host, strerror(errno));
    // Beyond the system's limit where that is allowed.
    if (setsockopt(result, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(result, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return result;
}

static void watch(struct group *group, int socket, uint64_t mark) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = mark};
    if (epoll_ctl(group->epoll, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl: %s", strerror(errno));
}

static void open_allocation(struct group *group, struct allocation *allocation) {
    const struct options *options = group->options;
    // Ports of an address of their own, so that they never take one that the server relays on.
    struct sockaddr_in own;
    allocation->socket = open_socket("127.0.0.2", 1 << 18, &own);
    allocation->peer = group->peers[allocation->index % PEER_COUNT].address;
    struct sockaddr_in remote = options->server;
    if (options->is_direct) {
        allocation->relayed = own;
        remote = allocation->peer;
    }
    if (connect(allocation->socket, (struct sockaddr *)&remote, sizeof remote) != 0)
        die("connect: %s", strerror(errno));
    watch(group, allocation->socket, PEER_COUNT + (uint64_t)allocation->index);
    allocation->slots = zeroed((size_t)options->window, sizeof *allocation->slots);
    allocation->free_slots = zeroed((size_t)options->window, sizeof *allocation->free_slots);
    for (int slot = options->window - 1; slot >= 0; slot--)
        allocation->free_slots[allocation->free_count++] = (uint16_t)slot;
}

void group_open(struct group *group, const struct options *options) {
    group->options = options;
    group->epoll = epoll_create1(0);
    group->count = options->allocations + options->idle;
    group->allocations = zeroed((size_t)group->count, sizeof *group->allocations);
    for (int index = 0; index < PEER_COUNT; index++) {
        group->peers[index].socket = open_socket("127.0.0.3", 1 << 25, &group->peers[index].address);
        watch(group, group->peers[index].socket, (uint64_t)index);
    }
    for (int index = 0; index < group->count; index++) {
        struct allocation *allocation = &group->allocations[index];
        allocation->index = (uint32_t)index;
        allocation->partner = &group->allocations[options->is_between_clients ? index ^ 1 : index];
        open_allocation(group, allocation);
    }
}

struct allocation *group_active(struct group *group, int number) {
    // Spread among the idle ones, but partners stay together.
    int pair = number / 2, pairs = (group->options->allocations + 1) / 2;
    int stride = pairs > 0 ? (group->count / 2) / pairs : 1;
    int index = pair * (stride > 0 ? stride : 1) * 2 + number % 2;
    return &group->allocations[index];
}

bool group_turn(struct group *group, double seconds) {
    struct epoll_event events[256];
    struct timespec timeout = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    int count = epoll_pwait2(group->epoll, events, 256, &timeout, NULL);
    if (count < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
    for (int index = 0; index < count; index++) {
        uint64_t mark = events[index].data.u64;
        if (mark < PEER_COUNT) {
            peer_receive(group, &group->peers[mark]);
        } else {
            struct allocation *allocation = &group->allocations[mark - PEER_COUNT];
            (group->on_readable ? group->on_readable : datagrams_receive)(group, allocation);
        }
    }
    return count > 0;
}
