// Begins the JSON object of a work with what was asked for, and what each message, delivery or connection cost.
#ifndef REPORT_H
#define REPORT_H

#include "meter.h"
#include "options.h"

void report_begin(const struct options *options, const struct meter *meter, uint64_t count);

#endif
