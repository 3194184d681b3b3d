// The other ends: they send back whatever an allocation relayed to them.
#ifndef PEERS_H
#define PEERS_H

#include "group.h"

// A UDP socket on that address, with room for so many received bytes; `address` becomes its own.
int open_socket(const char *host, int buffer, struct sockaddr_in *address);

// Sends back what waits at the peer, and ends the program if it came from another address than its allocation's.
void peer_receive(struct group *group, struct peer *peer);

#endif
