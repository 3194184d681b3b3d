#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

#include "client.h"

struct options {
    const char *host, *port;
    const struct work *work;
    const struct transport *transport;
    // The server's process.
    int pid;
    int connections, idle, outstanding;
    double rate, seconds;
    // Ends the work after so many instead of a time, if not 0.
    uint64_t messages;
};

// One kind of load.
struct work {
    const char *name;
    void (*run)(struct options *);
};

#endif
