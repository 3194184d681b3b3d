#include <sys/prctl.h>

#include "echo.h"
#include "histogram.h"
#include "process.h"
#include "report.h"
#include "works.h"

// In seconds: the kernel may wake a sleeper so late. The last stretch before an event is due is spent awake.
#define WAKE_UP 60e-6

// Events are sent by the clock whether earlier ones were answered or not, and their latency counts from when each was
// due: a server that stands still for a second thereby pays for all that should have been sent in that second.
struct latency {
    const struct options *options;
    // When the first event was due.
    double begin;
    uint64_t sent, answered, warm_up;
    struct histogram latencies, delays;
};

// When an event was due; the clients take turns.
static double due(const struct latency *work, uint64_t number) {
    return work->begin + (double)number / work->options->rate;
}

static void on_packet(struct group *group, struct client *client, const char *packet, size_t length) {
    struct latency *work = group->work;
    uint64_t turn = client->received, place = (uint64_t)(client - group->clients);
    echo_receive(client, packet, length);
    uint64_t number = turn * (uint64_t)group->count + place;
    work->answered++;
    if (number >= work->warm_up) histogram_add(&work->latencies, now_seconds() - due(work, number));
}

static void send_due(struct latency *work, struct group *group, uint64_t last) {
    double now = now_seconds();
    for (; work->sent < last && due(work, work->sent) <= now; work->sent++) {
        struct client *client = &group->clients[work->sent % (uint64_t)group->count];
        echo_send(group, client);
        client_flush(group, client);
        now = now_seconds();
        if (work->sent >= work->warm_up) histogram_add(&work->delays, now - due(work, work->sent));
    }
}

static void run_until(struct latency *work, struct group *group, uint64_t last) {
    while (work->sent < last) {
        send_due(work, group, last);
        double wait = due(work, work->sent) - now_seconds() - WAKE_UP;
        group_turn(group, wait > 0 ? wait : 0);
    }
}

static void run(struct options *options) {
    static struct latency work;
    work.options = options;
    work.warm_up = (uint64_t)(options->rate * options->seconds / 5);
    uint64_t last = work.warm_up + (uint64_t)(options->rate * options->seconds);
    struct group group = {.transport = options->transport, .on_packet = on_packet, .work = &work};
    group_open(&group, options->host, options->port, options->connections);
    // Without this the kernel lets a sleeper wait 50 µs longer than it asked for.
    prctl(PR_SET_TIMERSLACK, 1UL);
    work.begin = now_seconds();
    run_until(&work, &group, work.warm_up);
    struct meter meter;
    meter_start(&meter, options->pid);
    run_until(&work, &group, last);
    meter_stop(&meter);
    for (double deadline = now_seconds() + 30; work.answered < last;) {
        group_turn(&group, 0.1);
        if (now_seconds() > deadline)
            die("Of %llu events, %llu were never answered.", (unsigned long long)last,
                (unsigned long long)(last - work.answered));
    }
    report_begin(options, &meter, last - work.warm_up);
    report_latencies("", &work.latencies);
    report_latencies("sent_late_", &work.delays);
    report_end();
    group_close(&group);
}

const struct work latency_work = {"latency", run};
