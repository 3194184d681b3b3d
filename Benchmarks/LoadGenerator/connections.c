#include <stdio.h>

#include "echo.h"
#include "process.h"
#include "report.h"
#include "works.h"

static void run_connect(struct options *options) {
    struct group idle = {.transport = options->transport, .token = options->token}, group = idle;
    if (options->idle > 0) group_open(&idle, options->host, options->port, options->idle);
    long memory = process_memory_kib(options->pid);
    struct meter meter;
    meter_start(&meter, options->pid);
    group_open(&group, options->host, options->port, options->connections);
    meter_stop(&meter);
    memory = process_memory_kib(options->pid) - memory;
    report_begin(options, &meter, (uint64_t)options->connections);
    report_number("idle", options->idle);
    report_number("memory_kib", (double)memory / options->connections);
    report_end();
    group_close(&group);
    if (options->idle > 0) group_close(&idle);
}

static void on_answer(struct group *group, struct client *client, const char *packet, size_t length) {
    echo_receive(client, packet, length);
    ++*(int *)group->work;
}

// Asks each connection for an answer, and so sees that all of them still work.
static void check_all(struct group *group) {
    int answered = 0;
    group->work = &answered;
    for (int index = 0; index < group->count; index++) {
        echo_send(group, &group->clients[index]);
        client_flush(group, &group->clients[index]);
        while (answered + 100 < index) group_turn(group, 1);
    }
    for (double deadline = now_seconds() + 30; answered < group->count;) {
        group_turn(group, 1);
        if (now_seconds() > deadline) die("Of %d connections, %d don't answer.", group->count, group->count - answered);
    }
}

static void report_hold(const struct options *options, double second, double server) {
    printf("{\"work\": \"hold\", \"connections\": %d", options->connections);
    report_number("second", second);
    report_number("memory_kib", (double)process_memory_kib(options->pid));
    report_number("server_load", server);
    report_end();
}

// Answers the server's pings, and tells its memory from time to time: at once, and twenty times until the end.
static void run_hold(struct options *options) {
    struct group group = {.transport = options->transport, .token = options->token, .on_packet = on_answer};
    group_open(&group, options->host, options->port, options->connections);
    double begin = now_seconds(), step = options->seconds / 20;
    check_all(&group);
    report_hold(options, now_seconds() - begin, 0);
    for (int round = 1; round <= 20; round++) {
        struct meter meter;
        meter_start(&meter, options->pid);
        while (now_seconds() < begin + round * step) group_turn(&group, 0.05);
        meter_stop(&meter);
        report_hold(options, now_seconds() - begin, meter.server / meter.elapsed);
    }
    check_all(&group);
    group_close(&group);
}

const struct work connect_work = {"connect", run_connect};
const struct work hold_work = {"hold", run_hold};
