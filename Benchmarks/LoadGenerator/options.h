#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

struct options {
    const char *host, *port;
    const struct work *work;
    const struct transport *transport;
    // The server's process.
    int pid;
    int connections, idle, outstanding;
    // How many bytes of token each client joins with, if not 0.
    int token;
    // Whether each event leaves in a write of its own, even where several were answered at once.
    bool writes_singly;
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
