// The kinds of load that this program knows.
#ifndef WORKS_H
#define WORKS_H

#include "options.h"

extern const struct work connect_work, hold_work, echo_work, broadcast_work, latency_work;

#endif
