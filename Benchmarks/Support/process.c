#include "process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

double process_cpu_seconds(int pid) {
    // The fields of /proc/PID/stat count in hundredths of a second, which is too coarse for short work.
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        die("There is no process %d (any more).", pid);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

long process_memory_kib(int pid) {
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) die("There is no process %d (any more).", pid);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    const char *line = strstr(text, "VmRSS:");
    long kib;
    if (!line || sscanf(line, "VmRSS: %ld kB", &kib) != 1) die("/proc/%d/status has no VmRSS.", pid);
    return kib;
}

double own_cpu_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void allow_many_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}
