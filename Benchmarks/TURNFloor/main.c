// Relays what turn-bench sends as a TURN server does, for what the kernel demands and hardly more: no credential, no
// permission, no lifetime, one peer for each allocation, a table with a place for every client instead of a search.
// What it costs is the least that a server on one thread costs that has a relay socket for each allocation. It
// understands the generator's messages only, in the shape in which the generator writes them.

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "process.h"
#include "stun.h"

enum { BATCH = 64, DATAGRAM = 1600, INDICATION_HEADER = 36, PORTS = 65536, LISTENER = PORTS };

struct allocation {
    int socket;
    struct sockaddr_in client, peer;
    // What goes before data for the client: of a channel if it has one, of a Data indication otherwise.
    unsigned char header[INDICATION_HEADER];
    size_t header_length;
    // How many datagrams went to the peer together, so that as many are expected back.
    int expected;
};

static int listener, epoll;
// By the client's port: all clients share one address.
static struct allocation *allocations[PORTS];

static struct batch {
    // Room for the header before what comes from a peer.
    unsigned char bytes[BATCH][INDICATION_HEADER + DATAGRAM];
    struct sockaddr_in addresses[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
} input, output;

static void prepare(struct batch *batch, int place, void *bytes, size_t length, struct sockaddr_in *address) {
    batch->parts[place] = (struct iovec){bytes, length};
    batch->messages[place].msg_hdr = (struct msghdr){
        .msg_name = address, .msg_namelen = sizeof *address, .msg_iov = &batch->parts[place], .msg_iovlen = 1};
}

static int open_socket(struct sockaddr_in *address) {
    struct sockaddr_in wanted = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof *address;
    int result = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (result < 0 || bind(result, (struct sockaddr *)&wanted, sizeof wanted) != 0 ||
        getsockname(result, (struct sockaddr *)address, &size) != 0)
        die("Can't open a socket: %s", strerror(errno));
    return result;
}

static void watch(int socket, uint64_t mark) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = mark};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl: %s", strerror(errno));
}

static void allocate(struct stun_message *answer, const struct sockaddr_in *client) {
    struct allocation *allocation = calloc(1, sizeof *allocation);
    struct sockaddr_in relayed;
    if (!allocation) die("Out of memory.");
    allocation->client = *client;
    allocation->socket = open_socket(&relayed);
    allocations[ntohs(client->sin_port)] = allocation;
    watch(allocation->socket, ntohs(client->sin_port));
    stun_append_address(answer, XOR_RELAYED_ADDRESS, &relayed);
    stun_append_address(answer, XOR_MAPPED_ADDRESS, client);
    stun_append(answer, LIFETIME, (unsigned char[]){0, 0, 2, 88}, 4);
}

static void permit(struct allocation *allocation, uint16_t type, const unsigned char *request, size_t length) {
    if (!stun_find_address(request, length, XOR_PEER_ADDRESS, &allocation->peer)) die("There is no peer.");
    if (type == CHANNEL_BIND) {
        memcpy(allocation->header, stun_find(request, length, CHANNEL_NUMBER).bytes, 2);
        allocation->header_length = CHANNEL_HEADER;
        return;
    }
    struct stun_message header;
    stun_begin(&header, DATA_INDICATION, (unsigned char[STUN_ID]){0});
    stun_append_address(&header, XOR_PEER_ADDRESS, &allocation->peer);
    put_16(header.bytes + header.length, DATA);
    memcpy(allocation->header, header.bytes, header.length + 2);
    allocation->header_length = INDICATION_HEADER;
}

static void answer(const unsigned char *request, size_t length, const struct sockaddr_in *client) {
    struct stun_message message;
    struct allocation *allocation = allocations[ntohs(client->sin_port)];
    uint16_t type = get_16(request);
    if (!stun_is_valid(request, length)) die("A client sent what is no STUN message.");
    stun_begin(&message, type | STUN_SUCCESS, request + 8);
    if (type == ALLOCATE && !allocation) {
        allocate(&message, client);
    } else if ((type == CHANNEL_BIND || type == CREATE_PERMISSION) && allocation) {
        permit(allocation, type, request, length);
    } else {
        die("Unknown request: %04x", type);
    }
    sendto(listener, message.bytes, message.length, 0, (const struct sockaddr *)client, sizeof *client);
}

// Sends the first `count` messages of the output.
static void send_all(int socket, int count) {
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(socket, output.messages + sent, (unsigned)(count - sent), 0);
        // One that can't be sent is lost.
        sent += more > 0 ? more : 1;
    }
}

static void relay_to_peer(struct allocation *allocation, int count) {
    send_all(allocation->socket, count);
    allocation->expected = count;
}

static void receive_from_clients(void) {
    for (int index = 0; index < BATCH; index++)
        prepare(&input, index, input.bytes[index], DATAGRAM, &input.addresses[index]);
    int count = recvmmsg(listener, input.messages, BATCH, MSG_DONTWAIT, NULL), gathered = 0;
    struct allocation *last = NULL;
    for (int index = 0; index < count; index++) {
        unsigned char *bytes = input.bytes[index];
        size_t length = input.messages[index].msg_len, header = CHANNEL_HEADER;
        if (bytes[0] < FIRST_CHANNEL >> 8) {
            header = INDICATION_HEADER;
            if (get_16(bytes) != SEND_INDICATION) {
                answer(bytes, length, &input.addresses[index]);
                continue;
            }
        }
        struct allocation *allocation = allocations[ntohs(input.addresses[index].sin_port)];
        if (!allocation) die("There is no such allocation.");
        // One call is for one socket: what follows each other for one allocation leaves together.
        if (last && last != allocation) {
            relay_to_peer(last, gathered);
            gathered = 0;
        }
        last = allocation;
        prepare(&output, gathered++, bytes + header, length - header, &allocation->peer);
    }
    if (last) relay_to_peer(last, gathered);
}

// Receives what a peer sent into the places of the output from `first` on, and makes it messages for the client.
static int receive_from_peer(struct allocation *allocation, int first) {
    size_t header = allocation->header_length;
    int expected = allocation->expected < 1 ? 1 : allocation->expected;
    if (expected > BATCH - first) expected = BATCH - first;
    for (int place = first; place < first + expected; place++)
        // The source is asked for, as a server has to know it.
        prepare(&output, place, output.bytes[place] + header, DATAGRAM, &output.addresses[place]);
    int count = recvmmsg(allocation->socket, output.messages + first, (unsigned)expected, MSG_DONTWAIT, NULL);
    for (int place = first; place < first + count; place++) {
        if (output.addresses[place].sin_port != allocation->peer.sin_port) die("A datagram came from somebody else.");
        unsigned char *bytes = output.bytes[place];
        size_t length = output.messages[place].msg_len;
        memcpy(bytes, allocation->header, header);
        put_16(bytes + header - 2, (uint16_t)length);
        if (header != CHANNEL_HEADER) put_16(bytes + 2, (uint16_t)(header + length - STUN_HEADER));
        prepare(&output, place, bytes, header + length, &allocation->client);
    }
    return count > 0 ? count : 0;
}

int main(void) {
    struct sockaddr_in own;
    allow_many_files();
    epoll = epoll_create1(0);
    listener = open_socket(&own);
    int room = 1 << 23;
    if (setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    watch(listener, LISTENER);
    printf("listening on %d\n", ntohs(own.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[BATCH];
        int count = epoll_wait(epoll, events, BATCH, -1), gathered = 0;
        bool has_input = false;
        for (int index = 0; index < count; index++) {
            if (events[index].data.u64 == LISTENER) {
                has_input = true;
                continue;
            }
            gathered += receive_from_peer(allocations[events[index].data.u64], gathered);
            if (gathered < BATCH) continue;
            send_all(listener, gathered);
            gathered = 0;
        }
        // Both directions gather their messages in the same place.
        send_all(listener, gathered);
        if (has_input) receive_from_clients();
    }
}
