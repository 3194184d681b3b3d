// Socket.IO clients over WebSocket: just enough of the protocol to put load on a server.
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_SIZE = 16 * 1024 };

enum client_state { CLIENT_CONNECTING, CLIENT_UPGRADING, CLIENT_JOINING, CLIENT_READY };

struct client {
    int socket;
    enum client_state state;
    // What was read and not yet understood. Filled in place; a message must fit.
    char *input;
    size_t input_length;
    // What the kernel did not take yet.
    char *output;
    size_t output_length, output_capacity;
    // How many events this client received; belongs to the work.
    uint64_t received;
};

struct group {
    struct client *clients;
    int count;
    int epoll;
    // Clients that have joined the main namespace.
    int ready;
    // Called for each packet of a ready client that is neither ping nor the greeting.
    void (*on_packet)(struct group *, struct client *, const char *packet, size_t length);
    void *work;
};

// Connects `count` clients to the server, at most 100 at a time on their way, and waits until all have joined.
void group_open(struct group *group, const char *host, const char *port, int count);

// Waits for input at most `milliseconds`, and handles it.
void group_turn(struct group *group, int milliseconds);

// Closes all connections.
void group_close(struct group *group);

// Sends a text message; it leaves with the next client_flush.
void client_send(struct client *client, const char *text, size_t length);

// Hands what was sent to the kernel.
void client_flush(struct group *group, struct client *client);

#endif
