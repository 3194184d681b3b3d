#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

// Where everything is read to; one for all streams, so that it stays in the processor's cache.
static char scratch[256 * 1024];

bool starts_with(const char *text, size_t length, const char *prefix) {
    size_t wanted = strlen(prefix);
    return length >= wanted && memcmp(text, prefix, wanted) == 0;
}

void client_send(struct group *group, struct client *client, const char *packet, size_t length) {
    group->transport->send(client, packet, length);
}

static void stream_flush(struct stream *stream) {
    if (stream->output.length == 0) return;
    ssize_t written = send(stream->socket, stream->output.bytes, stream->output.length, MSG_NOSIGNAL);
    if (written < 0) {
        if (errno != EAGAIN) die("The server closed a connection: %s", strerror(errno));
        return;
    }
    buffer_consume(&stream->output, (size_t)written);
}

void client_flush(struct group *group, struct client *client) {
    group->transport->flush(client);
    for (int index = 0; index < group->transport->streams; index++) stream_flush(&client->streams[index]);
}

static void client_join(struct group *group, struct client *client) {
    static const char BEGIN[] = "40{\"token\":\"", END[] = "\"}";
    char packet[sizeof BEGIN + LONGEST_TOKEN + sizeof END];
    if (group->token == 0) return client_send(group, client, BEGIN, 2);
    char *end = mempcpy(packet, BEGIN, sizeof BEGIN - 1);
    memset(end, 'x', (size_t)group->token);
    end = mempcpy(end + group->token, END, sizeof END - 1);
    client_send(group, client, packet, (size_t)(end - packet));
}

void client_receive(struct group *group, struct client *client, const char *packet, size_t length) {
    if (length == 1 && packet[0] == '2') {
        client_send(group, client, "3", 1);
    } else if (client->state == CLIENT_READY && group->on_packet) {
        group->on_packet(group, client, packet, length);
    } else if (starts_with(packet, length, "0")) {
        client->state = CLIENT_JOINING;
        client_join(group, client);
    } else if (starts_with(packet, length, "42[\"auth\"") && client->state == CLIENT_JOINING) {
        client->state = CLIENT_READY;
        group->ready++;
    } else if (!starts_with(packet, length, "40{")) {
        die("Unexpected packet: %.*s", (int)length, packet);
    }
}

// Reads what is there; epoll tells only once that something came.
static void stream_receive(struct group *group, struct stream *stream, bool is_ending) {
    for (;;) {
        size_t kept = stream->input.length;
        if (kept > 0) memcpy(scratch, stream->input.bytes, kept);
        size_t room = sizeof scratch - kept;
        if (room == 0) die("The server sent a message that is too long for this program.");
        ssize_t count = recv(stream->socket, scratch + kept, room, 0);
        if (count == 0) die("The server closed a connection.");
        if (count < 0) {
            if (errno == EAGAIN) return;
            die("A connection failed: %s", strerror(errno));
        }
        size_t length = kept + (size_t)count;
        size_t handled = group->transport->receive(group, stream, scratch, length);
        stream->input.length = 0;
        if (handled < length) buffer_append(&stream->input, scratch + handled, length - handled);
        if ((size_t)count < room && !is_ending) return;
    }
}

static void stream_connected(struct group *group, struct stream *stream) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(stream->socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) die("Can't connect: %s", strerror(error));
    stream->connected = true;
    struct client *client = stream->client;
    for (int index = 0; index < group->transport->streams; index++)
        if (!client->streams[index].connected) return;
    group->transport->open(client);
}

void group_turn(struct group *group, double seconds) {
    struct epoll_event events[512];
    struct timespec timeout = {.tv_sec = (time_t)seconds};
    timeout.tv_nsec = (long)((seconds - (double)timeout.tv_sec) * 1e9);
    int count = epoll_pwait2(group->epoll, events, 512, &timeout, NULL);
    for (int index = 0; index < count; index++) {
        struct stream *stream = events[index].data.ptr;
        uint32_t what = events[index].events;
        if (!stream->connected && (what & (EPOLLOUT | EPOLLERR | EPOLLHUP))) stream_connected(group, stream);
        if (what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            stream_receive(group, stream, (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
        client_flush(group, stream->client);
    }
}

static void stream_connect(struct group *group, struct stream *stream, const struct addrinfo *address) {
    stream->socket = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (stream->socket < 0) die("Can't open so many connections: %s", strerror(errno));
    int yes = 1;
    setsockopt(stream->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(stream->socket, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)
        die("Can't connect: %s", strerror(errno));
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = stream};
    if (epoll_ctl(group->epoll, EPOLL_CTL_ADD, stream->socket, &event) != 0) die("epoll_ctl: %s", strerror(errno));
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
    double deadline = now_seconds() + 120;
    while (group->ready < count) {
        while (begun < count && begun - group->ready < 100) {
            struct client *client = &group->clients[begun++];
            for (int index = 0; index < group->transport->streams; index++) {
                client->streams[index].client = client;
                stream_connect(group, &client->streams[index], address);
            }
        }
        group_turn(group, 0.1);
        if (now_seconds() > deadline) die("Only %d of %d clients joined in two minutes.", group->ready, count);
    }
    freeaddrinfo(address);
}

void group_close(struct group *group) {
    for (int index = 0; index < group->count; index++) {
        struct client *client = &group->clients[index];
        for (int stream = 0; stream < group->transport->streams; stream++) {
            close(client->streams[stream].socket);
            buffer_free(&client->streams[stream].input);
            buffer_free(&client->streams[stream].output);
        }
        buffer_free(&client->packets);
    }
    close(group->epoll);
    free(group->clients);
    group->clients = NULL;
    group->count = group->ready = 0;
}
