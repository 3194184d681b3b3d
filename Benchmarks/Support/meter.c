#include "meter.h"

#include <stdio.h>

#include "process.h"

void meter_start(struct meter *meter, int pid) {
    *meter = (struct meter){pid, process_cpu_seconds(pid), own_cpu_seconds(), now_seconds()};
}

void meter_stop(struct meter *meter) {
    meter->server = process_cpu_seconds(meter->pid) - meter->server;
    meter->own = own_cpu_seconds() - meter->own;
    meter->elapsed = now_seconds() - meter->elapsed;
}

void report_cost(const struct meter *meter, uint64_t count) {
    if (count == 0) die("Nothing came back in %.1f s.", meter->elapsed);
    report_number("count", (double)count);
    report_number("elapsed_s", meter->elapsed);
    report_number("per_second", (double)count / meter->elapsed);
    report_number("server_us", meter->server / (double)count * 1e6);
    report_number("generator_us", meter->own / (double)count * 1e6);
    report_number("server_load", meter->server / meter->elapsed);
    report_number("generator_load", meter->own / meter->elapsed);
}

void report_latencies(const char *prefix, const struct histogram *histogram) {
    static const struct {
        const char *name;
        double share;
    } known[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"longest", 1}};
    for (size_t index = 0; index < sizeof known / sizeof *known; index++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s_us", prefix, known[index].name);
        report_number(name, histogram_quantile(histogram, known[index].share) * 1e6);
    }
}

void report_number(const char *name, double value) { printf(", \"%s\": %.12g", name, value); }

void report_end(void) {
    puts("}");
    // Somebody may be reading along.
    fflush(stdout);
}
