// Datagrams that carry data: how they are sent by a client, known again, checked, and missed.
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include "group.h"

// Sends `count` datagrams, for which there must be free slots, that count as sent at `when`.
void datagrams_send(struct group *group, struct allocation *allocation, int count, double when);
// Receives what waits at the allocation's socket. Ends the program if anything is not as it was sent.
void datagrams_receive(struct group *group, struct allocation *allocation);
// Gives up what was sent before `when`, and says how many that were.
int datagrams_expire(struct group *group, struct allocation *allocation, double when);

#endif
