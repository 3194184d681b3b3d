#include "report.h"

#include <stdio.h>

void report_begin(const struct options *options, const struct meter *meter, uint64_t count) {
    printf(
        "{\"work\": \"%s\", \"connections\": %d, \"outstanding\": %d", options->work->name, options->connections,
        options->outstanding);
    report_cost(meter, count);
}
