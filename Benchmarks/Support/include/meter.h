// What some work cost a server and this program, and numbers as a JSON object.
#ifndef METER_H
#define METER_H

#include <stdint.h>

#include "histogram.h"

struct meter {
    int pid;
    // From meter_start to meter_stop: seconds on a processor of each side, and on the clock.
    double server, own, elapsed;
};

void meter_start(struct meter *meter, int pid);
void meter_stop(struct meter *meter);

// Adds what each of `count` things cost to an object that was begun. Ends the program if there were none.
void report_cost(const struct meter *meter, uint64_t count);
// Adds quantiles in microseconds, each under its name after `prefix`.
void report_latencies(const char *prefix, const struct histogram *histogram);
void report_number(const char *name, double value);
void report_end(void);

#endif
