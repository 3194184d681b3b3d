// Events whose acknowledgement brings their text back.
#ifndef ECHO_H
#define ECHO_H

#include "client.h"

// Queues the client's next event.
void echo_send(struct group *group, struct client *client);

// Checks that a packet is the acknowledgement of the oldest event on its way, and counts it.
void echo_receive(struct client *client, const char *packet, size_t length);

#endif
