// What some work cost the server and this program, and the JSON object that says so.
#ifndef METER_H
#define METER_H

#include <stdint.h>

#include "options.h"

struct meter {
    int pid;
    // From meter_start to meter_stop: seconds on a processor of each side, and on the clock.
    double server, own, elapsed;
};

void meter_start(struct meter *meter, int pid);
void meter_stop(struct meter *meter);

// Begins the object with what was asked for, and what each of `count` messages, deliveries or connections cost.
void report_begin(const struct options *options, const struct meter *meter, uint64_t count);
void report_number(const char *name, double value);
void report_end(void);

#endif
