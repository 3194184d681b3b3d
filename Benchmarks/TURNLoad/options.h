#ifndef OPTIONS_H
#define OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>

struct options {
    const struct work *work;
    // Where the server listens, and its process.
    struct sockaddr_in server;
    int pid;
    const char *user, *password;
    // Allocations that carry datagrams, and others that only exist.
    int allocations, idle;
    // Datagrams that may be on their way for one allocation, and for all together (0 means no limit).
    int window, in_flight;
    // Bytes of application data in a datagram.
    int size;
    // Send and Data indications instead of channels.
    bool uses_indications;
    // Every two allocations are peers of each other, instead of echoing peers.
    bool is_between_clients;
    // What leaves together is handed to the kernel as one buffer (UDP_SEGMENT).
    bool uses_segmentation;
    // Without a server: clients and peers talk directly.
    bool is_direct;
    double rate, seconds;
};

// One kind of load.
struct work {
    const char *name;
    void (*run)(struct options *);
};

extern const struct work setup_work, relay_work, latency_work;

#endif
