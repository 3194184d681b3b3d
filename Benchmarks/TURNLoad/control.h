// Requests to the server: they make allocations, permissions and channels.
#ifndef CONTROL_H
#define CONTROL_H

#include "group.h"

// Makes the relayed address of each of `count` allocations from `first` on, each after being asked for a credential.
void control_allocate(struct group *group, int first, int count);
// Lets each of them exchange data with its peer: a channel, or a permission where indications are used.
void control_permit(struct group *group, int first, int count);

#endif
