// Load whose next message is sent when an earlier one was answered, so that the server sets the pace.
#ifndef CLOSED_LOOP_H
#define CLOSED_LOOP_H

#include "options.h"

struct closed_loop {
    const struct options *options;
    // Sends one more message; when it went out and was answered, the work adds to `completed`.
    void (*send)(struct group *, struct client *);
    // What the server has to bring back for each message that was sent.
    uint64_t answers_each;
    uint64_t sent, completed, answered;
    bool is_stopping;
};

// Runs until the time is up, first to warm up and then measured, or until the given number of messages is answered;
// then waits for all that is on its way. Prints the report. `senders` clients have messages under way.
void closed_loop_run(struct closed_loop *loop, struct group *group, int senders);

// Sends a message in the place of one that was answered, unless the work is at its end.
void closed_loop_send(struct closed_loop *loop, struct group *group, struct client *client);

#endif
