#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "control.h"
#include "datagrams.h"
#include "histogram.h"
#include "meter.h"
#include "process.h"

// In seconds: the kernel may wake a sleeper so late. The last stretch before a datagram is due is spent awake.
#define WAKE_UP 20e-6

// In seconds: what takes longer is given up, and no latency of it is known.
#define GIVEN_UP 1.0

// Datagrams are sent by the clock whether earlier ones came back or not, and their latency counts from when each was
// due: a server that stands still for a second thereby pays for all that should have been sent in that second. The
// loop does not sleep while it waits for a datagram, so that no delay of its own waking up is measured.
struct latency {
    double begin, measured_from, next_look;
    uint64_t sent, refused;
    struct histogram latencies, delays;
};

static double due(const struct group *group, const struct latency *work, uint64_t number) {
    return work->begin + (double)number / group->options->rate;
}

static void on_return(struct group *group, struct allocation *allocation, const struct slot *slots, int count) {
    (void)allocation;
    struct latency *work = group->work;
    double now = now_seconds();
    for (int index = 0; index < count; index++)
        if (slots[index].when >= work->measured_from) histogram_add(&work->latencies, now - slots[index].when);
}

static void send_due(struct group *group, struct latency *work, uint64_t last) {
    for (double now; work->sent < last && due(group, work, work->sent) <= (now = now_seconds()); work->sent++) {
        double when = due(group, work, work->sent);
        struct allocation *allocation = group_active(group, (int)(work->sent % (uint64_t)group->options->allocations));
        if (allocation->free_count == 0) {
            // As many as the window allows are missing already.
            work->refused++;
            continue;
        }
        datagrams_send(group, allocation, 1, when);
        if (when >= work->measured_from) histogram_add(&work->delays, now - when);
    }
}

static void look(struct group *group, struct latency *work) {
    double now = now_seconds();
    if (now < work->next_look) return;
    work->next_look = now + 0.1;
    for (int number = 0; number < group->options->allocations; number++)
        datagrams_expire(group, group_active(group, number), now - GIVEN_UP);
}

static void run_until(struct group *group, struct latency *work, uint64_t last) {
    while (work->sent < last) {
        send_due(group, work, last);
        bool is_waiting = group->tally.returned + group->tally.lost < group->tally.sent;
        double pause = is_waiting ? 0 : due(group, work, work->sent) - now_seconds() - WAKE_UP;
        group_turn(group, pause > 0 ? pause : 0);
        look(group, work);
    }
}

static void run(struct options *options) {
    static struct latency work;
    static struct group group;
    group.on_return = on_return;
    group.work = &work;
    options->window = LONGEST_WINDOW;
    group_open(&group, options);
    if (!options->is_direct) {
        control_allocate(&group, 0, group.count);
        control_permit(&group, 0, group.count);
    }
    uint64_t warm_up = (uint64_t)(options->rate * options->seconds / 5);
    uint64_t last = warm_up + (uint64_t)(options->rate * options->seconds);
    // Without this the kernel lets a sleeper wait 50 µs longer than it asked for.
    prctl(PR_SET_TIMERSLACK, 1UL);
    work.begin = now_seconds();
    work.measured_from = due(&group, &work, warm_up);
    run_until(&group, &work, warm_up);
    struct meter meter;
    meter_start(&meter, options->is_direct ? getpid() : options->pid);
    run_until(&group, &work, last);
    meter_stop(&meter);
    for (double end = now_seconds() + 1.5 * GIVEN_UP;
         now_seconds() < end && group.tally.returned + group.tally.lost < group.tally.sent;) {
        group_turn(&group, 0.05);
        look(&group, &work);
    }
    printf("{\"work\": \"latency\", \"allocations\": %d, \"size\": %d", options->allocations, options->size);
    report_cost(&meter, last - warm_up);
    report_latencies("", &work.latencies);
    report_latencies("sent_late_", &work.delays);
    report_number("lost", (double)(group.tally.sent - group.tally.returned - group.tally.late + work.refused));
    report_end();
}

const struct work latency_work = {"latency", run};
