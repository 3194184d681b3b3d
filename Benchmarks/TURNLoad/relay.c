#include <stdio.h>

#include "control.h"
#include "datagrams.h"
#include "meter.h"
#include "process.h"

// A datagram that did not come back for so many seconds is given up, and another is sent in its place.
#define GIVEN_UP 0.25

// Datagrams are sent when others came back, so that the server sets the pace.
struct relay {
    // Where there is a limit for all allocations together: how many may still be sent, and who sends next.
    int credit, turn;
    double now;
    bool is_stopping;
};

static void on_return(struct group *group, struct allocation *allocation, const struct slot *slots, int count) {
    (void)slots;
    struct relay *work = group->work;
    if (work->is_stopping) return;
    if (group->options->in_flight > 0) {
        work->credit += count;
    } else {
        datagrams_send(group, allocation, count, work->now);
    }
}

// All allocations in turn, each its window, as long as there is credit.
static void spend(struct group *group, struct relay *work) {
    for (int looked = 0; work->credit > 0 && looked < group->options->allocations && !work->is_stopping; looked++) {
        struct allocation *allocation = group_active(group, work->turn);
        work->turn = (work->turn + 1) % group->options->allocations;
        int count = allocation->free_count < work->credit ? allocation->free_count : work->credit;
        datagrams_send(group, allocation, count, work->now);
        work->credit -= count;
    }
}

static void give_up(struct group *group, struct relay *work) {
    for (int number = 0; number < group->options->allocations; number++) {
        struct allocation *allocation = group_active(group, number);
        int expired = datagrams_expire(group, allocation, work->now - GIVEN_UP);
        if (expired > 0) on_return(group, allocation, NULL, expired);
    }
}

static void run_for(struct group *group, struct relay *work, double seconds) {
    double end = now_seconds() + seconds, next_look = 0;
    for (;;) {
        work->now = now_seconds();
        if (work->now >= end) return;
        if (work->now >= next_look) {
            give_up(group, work);
            next_look = work->now + 0.05;
        }
        spend(group, work);
        group_turn(group, 0.01);
    }
}

static void begin(struct group *group, struct relay *work) {
    const struct options *options = group->options;
    work->now = now_seconds();
    work->credit = options->in_flight;
    if (options->in_flight > 0) return;
    for (int number = 0; number < options->allocations; number++)
        datagrams_send(group, group_active(group, number), options->window, work->now);
}

// Waits for what is still on its way, however late.
static void drain(struct group *group, struct relay *work) {
    const struct tally *tally = &group->tally;
    work->is_stopping = true;
    double end = now_seconds() + 3;
    while ((tally->returned + tally->lost < tally->sent || tally->late < tally->lost) && now_seconds() < end)
        run_for(group, work, 0.02);
    if (tally->returned + tally->lost != tally->sent || tally->late > tally->lost)
        die("Of %llu datagrams, %llu came back, %llu were given up, and %llu came after that.",
            (unsigned long long)tally->sent, (unsigned long long)tally->returned, (unsigned long long)tally->lost,
            (unsigned long long)tally->late);
}

static void run(struct options *options) {
    static struct group group;
    static struct relay work;
    group.on_return = on_return;
    group.work = &work;
    group_open(&group, options);
    control_allocate(&group, 0, group.count);
    control_permit(&group, 0, group.count);
    begin(&group, &work);
    run_for(&group, &work, options->seconds / 5);
    struct tally before = group.tally;
    struct meter meter;
    meter_start(&meter, options->pid);
    double deadline = now_seconds() + options->seconds + 10;
    // Where others use the processor, a short time may pass without this program.
    do run_for(&group, &work, options->seconds);
    while (group.tally.returned == before.returned && now_seconds() < deadline);
    meter_stop(&meter);
    uint64_t returned = group.tally.returned - before.returned;
    drain(&group, &work);
    printf(
        "{\"work\": \"relay\", \"allocations\": %d, \"idle\": %d, \"window\": %d, \"size\": %d", options->allocations,
        options->idle, options->window, options->size);
    // What came back was relayed twice: on its way there and on its way back.
    report_cost(&meter, returned * 2);
    double lost = (double)(group.tally.lost - group.tally.late);
    report_number("lost", lost);
    report_number("lost_share", lost / (double)group.tally.sent);
    report_end();
}

const struct work relay_work = {"relay", run};
