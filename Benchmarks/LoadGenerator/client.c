#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

static const char REQUEST[] =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: bGlua3VwLWJlbmNobWFyaw==\r\n"
    "\r\n";

static bool starts_with(const char *text, size_t length, const char *prefix) {
    size_t wanted = strlen(prefix);
    return length >= wanted && memcmp(text, prefix, wanted) == 0;
}

static void append(struct client *client, const void *bytes, size_t length) {
    if (client->output_length + length > client->output_capacity) {
        client->output_capacity = (client->output_length + length) * 2;
        client->output = realloc(client->output, client->output_capacity);
        if (!client->output) die("Out of memory.");
    }
    memcpy(client->output + client->output_length, bytes, length);
    client->output_length += length;
}

void client_send(struct client *client, const char *text, size_t length) {
    // A mask of zeros is legal (RFC 6455, section 5.3) and costs the generator nothing; the server unmasks all the same.
    unsigned char header[8] = {0x81};
    size_t header_length;
    if (length < 126) {
        header[1] = (unsigned char)(0x80 | length);
        header_length = 6;
    } else if (length < 65536) {
        header[1] = 0x80 | 126;
        header[2] = (unsigned char)(length >> 8);
        header[3] = (unsigned char)length;
        header_length = 8;
    } else {
        die("A message of %zu bytes is too long.", length);
    }
    append(client, header, header_length);
    append(client, text, length);
}

static void watch(struct group *group, struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(group->epoll, operation, client->socket, &event) != 0) die("epoll_ctl: %s", strerror(errno));
}

void client_flush(struct group *group, struct client *client) {
    if (client->output_length == 0) return;
    ssize_t written = send(client->socket, client->output, client->output_length, MSG_NOSIGNAL);
    if (written < 0) {
        if (errno != EAGAIN) die("The server closed a connection: %s", strerror(errno));
        written = 0;
    }
    client->output_length -= (size_t)written;
    memmove(client->output, client->output + written, client->output_length);
    if (client->output_length > 0) watch(group, client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

// One packet of Engine.IO.
static void handle_packet(struct group *group, struct client *client, const char *packet, size_t length) {
    if (starts_with(packet, length, "2")) {
        client_send(client, "3", 1);
    } else if (client->state == CLIENT_READY && group->on_packet) {
        group->on_packet(group, client, packet, length);
    } else if (starts_with(packet, length, "0")) {
        client_send(client, "40", 2);
    } else if (starts_with(packet, length, "42[\"auth\"")) {
        client->state = CLIENT_READY;
        group->ready++;
    } else if (!starts_with(packet, length, "40{")) {
        die("Unexpected packet: %.*s", (int)length, packet);
    }
}

// Handles the frames at the start of the input, and returns how many bytes they take.
static size_t handle_frames(struct group *group, struct client *client) {
    size_t position = 0;
    for (;;) {
        const unsigned char *frame = (const unsigned char *)client->input + position;
        size_t available = client->input_length - position;
        if (available < 2) return position;
        size_t header = 2, length = frame[1] & 0x7F;
        if (length == 127) die("The server sent a message that is too long for this program.");
        if (length == 126) {
            header = 4;
            if (available < header) return position;
            length = (size_t)frame[2] << 8 | frame[3];
        }
        if (available < header + length) return position;
        if (frame[0] != 0x81) die("The server sent a frame that is no whole text message: %02x", frame[0]);
        handle_packet(group, client, (const char *)frame + header, length);
        position += header + length;
    }
}

static void handle_input(struct group *group, struct client *client) {
    size_t room = INPUT_SIZE - client->input_length;
    if (room == 0) die("The server sent a message that is too long for this program.");
    ssize_t count = recv(client->socket, client->input + client->input_length, room, 0);
    if (count == 0) die("The server closed a connection.");
    if (count < 0) {
        if (errno == EAGAIN) return;
        die("A connection failed: %s", strerror(errno));
    }
    client->input_length += (size_t)count;
    size_t handled = 0;
    if (client->state == CLIENT_UPGRADING) {
        char *end = memmem(client->input, client->input_length, "\r\n\r\n", 4);
        if (!end) return;
        if (!starts_with(client->input, client->input_length, "HTTP/1.1 101 "))
            die("The server refused a connection: %.*s", 40, client->input);
        client->state = CLIENT_JOINING;
        handled = (size_t)(end + 4 - client->input);
        client->input_length -= handled;
        memmove(client->input, client->input + handled, client->input_length);
    }
    handled = handle_frames(group, client);
    client->input_length -= handled;
    memmove(client->input, client->input + handled, client->input_length);
}

static void handle_output(struct group *group, struct client *client) {
    if (client->state == CLIENT_CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) die("Can't connect: %s", strerror(error));
        client->state = CLIENT_UPGRADING;
        append(client, REQUEST, sizeof REQUEST - 1);
    }
    watch(group, client, EPOLL_CTL_MOD, EPOLLIN);
}

void group_turn(struct group *group, int milliseconds) {
    struct epoll_event events[512];
    int count = epoll_wait(group->epoll, events, 512, milliseconds);
    for (int index = 0; index < count; index++) {
        struct client *client = events[index].data.ptr;
        if (events[index].events & EPOLLOUT) handle_output(group, client);
        if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) handle_input(group, client);
        client_flush(group, client);
    }
}

static void client_connect(struct group *group, struct client *client, const struct addrinfo *address) {
    client->socket = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->socket < 0) die("Can't open so many connections: %s", strerror(errno));
    int yes = 1;
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->input = malloc(INPUT_SIZE);
    if (!client->input) die("Out of memory.");
    if (connect(client->socket, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)
        die("Can't connect: %s", strerror(errno));
    watch(group, client, EPOLL_CTL_ADD, EPOLLOUT);
}

void group_open(struct group *group, const char *host, const char *port, int count) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
    int error = getaddrinfo(host, port, &hints, &address);
    if (error) die("%s: %s", host, gai_strerror(error));
    group->clients = calloc((size_t)count, sizeof *group->clients);
    group->epoll = epoll_create1(0);
    if (!group->clients || group->epoll < 0) die("Out of memory.");
    group->count = count;
    int begun = 0;
    double deadline = now_seconds() + 60;
    while (group->ready < count) {
        while (begun < count && begun - group->ready < 100) client_connect(group, &group->clients[begun++], address);
        group_turn(group, 100);
        if (now_seconds() > deadline) die("Only %d of %d clients joined within a minute.", group->ready, count);
    }
    freeaddrinfo(address);
}

void group_close(struct group *group) {
    for (int index = 0; index < group->count; index++) {
        close(group->clients[index].socket);
        free(group->clients[index].input);
        free(group->clients[index].output);
    }
    close(group->epoll);
    free(group->clients);
}
