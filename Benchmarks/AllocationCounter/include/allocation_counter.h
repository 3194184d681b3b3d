#ifndef LINKUP_ALLOCATION_COUNTER_H
#define LINKUP_ALLOCATION_COUNTER_H

#include <stdint.h>

// What a program has asked of the heap so far.
struct allocation_counts {
    uint64_t allocations;
    uint64_t frees;
    uint64_t bytes;
};

// The counts of this process.
struct allocation_counts allocation_counter_read(void);

#endif
