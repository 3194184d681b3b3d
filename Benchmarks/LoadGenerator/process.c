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

// Reads a file of a process below /proc into `text`.
static void read_proc(int pid, const char *name, char *text, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (!file) die("There is no process %d (any more).", pid);
    size_t length = fread(text, 1, size - 1, file);
    text[length] = 0;
    fclose(file);
}

double process_cpu_seconds(int pid) {
    char text[2048];
    read_proc(pid, "stat", text, sizeof text);
    // The name, in parentheses, may hold anything; the fields are counted from behind it (proc(5)).
    const char *fields = strrchr(text, ')');
    unsigned long user, system;
    if (!fields || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("/proc/%d/stat has an unknown form.", pid);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

long process_memory_kib(int pid) {
    char text[8192];
    read_proc(pid, "status", text, sizeof text);
    const char *line = strstr(text, "VmRSS:");
    long kib;
    if (!line || sscanf(line, "VmRSS: %ld kB", &kib) != 1) die("/proc/%d/status has no VmRSS.", pid);
    return kib;
}

double own_cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
