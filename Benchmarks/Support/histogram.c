#include "histogram.h"

// In the first octave a step is a nanosecond; in each further one it is twice as long.
void histogram_add(struct histogram *histogram, double seconds) {
    uint64_t value = seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
    int octave = 0;
    for (; value >= 2 * STEPS_PER_OCTAVE; value /= 2) octave++;
    if (value >= STEPS_PER_OCTAVE) {
        value -= STEPS_PER_OCTAVE;
        octave++;
    }
    if (octave >= OCTAVES) octave = OCTAVES - 1;
    histogram->counts[octave][value]++;
    histogram->total++;
    if (seconds > histogram->longest) histogram->longest = seconds;
}

double histogram_quantile(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;
    for (int octave = 0; octave < OCTAVES; octave++) {
        for (int step = 0; step < STEPS_PER_OCTAVE; step++) {
            seen += histogram->counts[octave][step];
            if (seen < wanted || seen == 0) continue;
            uint64_t step_length = octave == 0 ? 1 : UINT64_C(1) << (octave - 1);
            uint64_t first_step = octave == 0 ? 0 : STEPS_PER_OCTAVE;
            double upper = (double)((first_step + (uint64_t)step + 1) * step_length);
            return upper / 1e9 < histogram->longest ? upper / 1e9 : histogram->longest;
        }
    }
    return histogram->longest;
}
