// Answers the load generator as socketio-conformance does, for what the kernel demands and hardly more: no session, no
// timer, no JSON, answers that are canned or the question's own bytes. What it costs is the least that any server of
// the same traffic on one thread can cost. It understands the generator's messages only.

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffer.h"
#include "frame.h"
#include "process.h"

struct peer {
    int socket;
    bool is_open, is_waiting, is_member;
    // The next in the list of those to which something is to be written.
    struct peer *next;
    struct buffer input, output;
};

struct server {
    int epoll, listener;
    struct peer *waiting;
    struct peer **members;
    size_t member_count, member_capacity;
};

static const char ACCEPTED[] =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: GtFaz2Z1qbjPg0ElI6+sZChk+VY=\r\n"
    "\r\n";
static const char OPEN[] =
    "0{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
static const char CONNECTED[] = "40{\"sid\":\"AAAAAAAAAAAAAAAAAAAB\"}";
static const char GREETING[] = "42[\"auth\",{}]";
static const char JOIN[] = "42[\"join\",";
static const char SAY[] = "42[\"say\",\"everybody\",";
static const char SAID[] = "42[\"said\",";
static const char ECHOED[] = "[\"echo\",";

// Where everything is read to.
static char scratch[256 * 1024];

static void append(struct server *server, struct peer *peer, const void *bytes, size_t length) {
    buffer_append(&peer->output, bytes, length);
    if (peer->is_waiting) return;
    peer->is_waiting = true;
    peer->next = server->waiting;
    server->waiting = peer;
}

// Sends a message that consists of two parts.
static void send_text(
    struct server *server, struct peer *peer, const char *first, size_t first_length, const char *second,
    size_t second_length) {
    unsigned char header[LONGEST_FRAME_HEADER];
    append(server, peer, header, frame_header(header, first_length + second_length, false));
    buffer_append(&peer->output, first, first_length);
    buffer_append(&peer->output, second, second_length);
}

static bool starts_with(const char *text, size_t length, const char *prefix, size_t prefix_length) {
    return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

static void join(struct server *server, struct peer *peer) {
    if (server->member_count == server->member_capacity) {
        server->member_capacity = server->member_capacity * 2 + 64;
        server->members = realloc(server->members, server->member_capacity * sizeof *server->members);
        if (!server->members) die("Out of memory.");
    }
    server->members[server->member_count++] = peer;
    peer->is_member = true;
}

// Answers 42<id>["echo",…] by 43<id>[…].
static void acknowledge(struct server *server, struct peer *peer, const char *text, size_t length) {
    char head[24] = "43";
    size_t position = 2;
    for (; position < length && text[position] != '[' && position < sizeof head - 1; position++)
        head[position] = text[position];
    head[position] = '[';
    size_t skipped = position + sizeof ECHOED - 1;
    if (!starts_with(text + position, length - position, ECHOED, sizeof ECHOED - 1))
        die("Unknown event: %.*s", (int)length, text);
    send_text(server, peer, head, position + 1, text + skipped, length - skipped);
}

static void receive(struct server *server, struct peer *peer, const char *text, size_t length) {
    if (starts_with(text, length, JOIN, sizeof JOIN - 1)) {
        join(server, peer);
    } else if (starts_with(text, length, SAY, sizeof SAY - 1)) {
        for (size_t index = 0; index < server->member_count; index++)
            send_text(
                server, server->members[index], SAID, sizeof SAID - 1, text + sizeof SAY - 1, length - sizeof SAY + 1);
    } else if (starts_with(text, length, "42", 2)) {
        acknowledge(server, peer, text, length);
    } else if (length >= 2 && memcmp(text, "40", 2) == 0) {
        send_text(server, peer, CONNECTED, sizeof CONNECTED - 1, "", 0);
        send_text(server, peer, GREETING, sizeof GREETING - 1, "", 0);
    } else {
        die("Unknown message: %.*s", (int)length, text);
    }
}

static size_t receive_all(struct server *server, struct peer *peer, char *bytes, size_t length) {
    size_t position = 0;
    if (!peer->is_open) {
        const char *end = memmem(bytes, length, "\r\n\r\n", 4);
        if (!end) return 0;
        position = (size_t)(end + 4 - bytes);
        peer->is_open = true;
        append(server, peer, ACCEPTED, sizeof ACCEPTED - 1);
        send_text(server, peer, OPEN, sizeof OPEN - 1, "", 0);
    }
    for (struct frame frame; frame_parse(bytes + position, length - position, &frame); position += frame.total)
        receive(server, peer, frame.text, frame.length);
    return position;
}

static void close_peer(struct server *server, struct peer *peer) {
    for (size_t index = 0; peer->is_member && index < server->member_count; index++) {
        if (server->members[index] != peer) continue;
        server->members[index] = server->members[--server->member_count];
        break;
    }
    for (struct peer **place = &server->waiting; *place; place = &(*place)->next) {
        if (*place != peer) continue;
        *place = peer->next;
        break;
    }
    close(peer->socket);
    buffer_free(&peer->input);
    buffer_free(&peer->output);
    free(peer);
}

static void read_peer(struct server *server, struct peer *peer, bool is_ending) {
    for (;;) {
        size_t kept = peer->input.length, room = sizeof scratch - kept;
        if (kept > 0) memcpy(scratch, peer->input.bytes, kept);
        ssize_t count = recv(peer->socket, scratch + kept, room, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            close_peer(server, peer);
            return;
        }
        size_t length = kept + (size_t)count, handled = receive_all(server, peer, scratch, length);
        peer->input.length = 0;
        if (handled < length) buffer_append(&peer->input, scratch + handled, length - handled);
        if ((size_t)count < room && !is_ending) return;
    }
}

// Writes what a turn brought, each peer's at once.
static void write_waiting(struct server *server) {
    struct peer *next = server->waiting;
    server->waiting = NULL;
    for (struct peer *peer = next; peer; peer = next) {
        next = peer->next;
        peer->is_waiting = false;
        if (peer->output.length == 0) continue;
        ssize_t count = send(peer->socket, peer->output.bytes, peer->output.length, MSG_NOSIGNAL);
        if (count > 0) buffer_consume(&peer->output, (size_t)count);
        // An idle connection need not hold memory for it.
        if (peer->output.length == 0) buffer_free(&peer->output);
    }
}

static void accept_all(struct server *server) {
    for (;;) {
        int socket = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK);
        if (socket < 0) return;
        int yes = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct peer *peer = calloc(1, sizeof *peer);
        if (!peer) die("Out of memory.");
        peer->socket = socket;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = peer};
        if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl: %s", strerror(errno));
    }
}

static void listen_anywhere(struct server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listener, 4096) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        die("Can't listen: %s", strerror(errno));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(void) {
    allow_many_files();
    struct server server = {.epoll = epoll_create1(0)};
    listen_anywhere(&server);
    for (;;) {
        struct epoll_event events[512];
        int count = epoll_wait(server.epoll, events, 512, -1);
        for (int index = 0; index < count; index++) {
            struct peer *peer = events[index].data.ptr;
            if (!peer) {
                accept_all(&server);
                continue;
            }
            uint32_t what = events[index].events, ending = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
            if (what & EPOLLOUT && peer->output.length > 0) append(&server, peer, "", 0);
            if (what & (EPOLLIN | ending)) read_peer(&server, peer, (what & ending) != 0);
        }
        write_waiting(&server);
    }
}
