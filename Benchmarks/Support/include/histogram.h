// Counts durations in steps of about 1.6 %, from a nanosecond to minutes.
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { STEPS_PER_OCTAVE = 64, OCTAVES = 40 };

struct histogram {
    uint64_t counts[OCTAVES][STEPS_PER_OCTAVE];
    uint64_t total;
    double longest;
};

void histogram_add(struct histogram *histogram, double seconds);

// The duration, in seconds, that `share` of all durations do not exceed.
double histogram_quantile(const struct histogram *histogram, double share);

#endif
