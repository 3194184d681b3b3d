// Socket.IO clients: just enough of the protocol to put load on a server, and to see that it answers right.
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

// A TCP connection of a client.
struct stream {
    int socket;
    bool connected;
    struct client *client;
    // The beginning of a message whose rest was not read yet.
    struct buffer input;
    // What the kernel did not take yet.
    struct buffer output;
};

// The most bytes of a token.
enum { LONGEST_TOKEN = 8192 };

enum client_state { CLIENT_OPENING, CLIENT_JOINING, CLIENT_READY };

struct client {
    enum client_state state;
    // WebSocket uses the first only; long-polling GETs on the first and POSTs on the second.
    struct stream streams[2];
    // Belong to long-polling: the session, whether a POST is under way, and the packets that wait for its answer.
    char session[40];
    bool posting;
    struct buffer packets;
    // How many events this client sent, and how many answers or events it received; belong to the work.
    uint64_t sent, received;
};

struct group {
    const struct transport *transport;
    struct client *clients;
    int count;
    // How many bytes of token each client joins with, if not 0.
    int token;
    int epoll;
    // Clients that have joined the main namespace.
    int ready;
    // Called for each packet of a ready client that is neither ping nor the greeting.
    void (*on_packet)(struct group *, struct client *, const char *packet, size_t length);
    void *work;
};

// How packets travel.
struct transport {
    int streams;
    // Called when all of a client's streams are connected.
    void (*open)(struct client *);
    // Handles whole messages at the start of what `stream` received, and returns how many bytes they take.
    size_t (*receive)(struct group *, struct stream *stream, char *bytes, size_t length);
    // Queues an Engine.IO packet.
    void (*send)(struct client *, const char *packet, size_t length);
    // Moves what was queued into the output of a stream.
    void (*flush)(struct client *);
};

extern const struct transport websocket, polling;

// Connects `count` clients to the server, at most 100 at a time on their way, and waits until all have joined.
void group_open(struct group *group, const char *host, const char *port, int count);

// Waits for input at most `seconds`, and handles it.
void group_turn(struct group *group, double seconds);

// Closes all connections.
void group_close(struct group *group);

// Sends an Engine.IO packet; it leaves with the next client_flush.
void client_send(struct group *group, struct client *client, const char *packet, size_t length);

// Hands what was sent to the kernel.
void client_flush(struct group *group, struct client *client);

// Handles a received Engine.IO packet; called by the transports.
void client_receive(struct group *group, struct client *client, const char *packet, size_t length);

bool starts_with(const char *text, size_t length, const char *prefix);

#endif
