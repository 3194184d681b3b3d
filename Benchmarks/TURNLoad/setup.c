#include <stdio.h>

#include "control.h"
#include "meter.h"
#include "process.h"

static void make(struct group *group, int first, int count) {
    control_allocate(group, first, count);
    control_permit(group, first, count);
}

// What an allocation with a channel costs the server: processor time until it can be used, and memory from then on.
// The idle ones are made before, so that what the server makes once does not count.
static void run(struct options *options) {
    static struct group group;
    group_open(&group, options);
    make(&group, 0, options->idle);
    long memory = process_memory_kib(options->pid);
    struct meter meter;
    meter_start(&meter, options->pid);
    make(&group, options->idle, options->allocations);
    meter_stop(&meter);
    printf("{\"work\": \"setup\", \"allocations\": %d, \"idle\": %d", options->allocations, options->idle);
    report_cost(&meter, (uint64_t)options->allocations);
    report_number("memory_kib", (double)(process_memory_kib(options->pid) - memory) / options->allocations);
    report_end();
}

const struct work setup_work = {"setup", run};
