// The clients of the server, each with a socket and an allocation, and the peers that they talk with.
#ifndef GROUP_H
#define GROUP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "options.h"
#include "stun.h"

enum {
    // How many datagrams one system call moves at most.
    BATCH = 64,
    // More than the largest message with indication's headers.
    LONGEST_DATAGRAM = 1600,
    // The longest headers: those of a Send indication.
    LONGEST_HEADER = 36,
    // What each datagram begins with: the allocation, the slot, and a number that is never used twice.
    STAMP = 16,
    PEER_COUNT = 4,
    LONGEST_WINDOW = 256,
    LONGEST_NONCE = 256,
};

// A datagram on its way.
struct slot {
    // 0 where the slot is free.
    uint64_t number;
    // When it was sent, or was due.
    double when;
};

struct allocation {
    int socket;
    uint32_t index;
    struct sockaddr_in relayed, peer;
    // Where its datagrams come back: itself, or the client at the other end.
    struct allocation *partner;
    // What authenticates its requests, from the answer that asked for a credential; empty if none did.
    char nonce[LONGEST_NONCE];
    size_t nonce_length;
    // What precedes the data.
    unsigned char header[LONGEST_HEADER];
    size_t header_length;
    struct slot *slots;
    // Slots that are free, the top one is taken next.
    uint16_t *free_slots;
    int free_count;
};

struct peer {
    int socket;
    struct sockaddr_in address;
};

// What happened to the datagrams of all allocations.
struct tally {
    // `late` ones came after they had been given up as lost, and are among those.
    uint64_t sent, returned, lost, late;
};

struct group {
    const struct options *options;
    int epoll, count;
    struct allocation *allocations;
    struct peer peers[PEER_COUNT];
    // The user's key for the realm that the server named.
    unsigned char key[MD5_SIZE];
    char realm[128];
    size_t realm_length;
    struct tally tally;
    uint64_t next_number;
    // Called when `count` datagrams of an allocation came back, with what is known of each.
    void (*on_return)(struct group *, struct allocation *, const struct slot *, int count);
    // Called instead when something waits at an allocation's socket, if it is set.
    void (*on_readable)(struct group *, struct allocation *);
    void *work;
};

// Opens sockets and peers; nothing is sent.
void group_open(struct group *group, const struct options *options);
// The allocation in the place of the number's turn, among those that are to carry datagrams.
struct allocation *group_active(struct group *group, int number);
// Receives whatever came, waits at most so many seconds for it, and says whether there was anything.
bool group_turn(struct group *group, double seconds);

#endif
