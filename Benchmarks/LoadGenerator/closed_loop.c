#include "closed_loop.h"

#include "process.h"
#include "report.h"

void closed_loop_send(struct closed_loop *loop, struct group *group, struct client *client) {
    uint64_t limit = loop->options->messages;
    if (loop->is_stopping || (limit > 0 && loop->sent == limit)) return;
    loop->sent++;
    loop->send(group, client);
}

static void turn(struct closed_loop *loop, struct group *group) {
    group_turn(group, 0.01);
    if (loop->completed == 0) return;
    // What was answered within one turn is replaced in one write.
    for (; loop->completed > 0; loop->completed--) closed_loop_send(loop, group, &group->clients[0]);
    client_flush(group, &group->clients[0]);
}

static void run_for(struct closed_loop *loop, struct group *group, double seconds) {
    for (double end = now_seconds() + seconds; now_seconds() < end;) turn(loop, group);
}

static void drain(struct closed_loop *loop, struct group *group, double seconds) {
    double deadline = now_seconds() + seconds;
    while (loop->answered < loop->sent * loop->answers_each) {
        turn(loop, group);
        if (now_seconds() > deadline)
            die("Of %llu answers, %llu never came.", (unsigned long long)(loop->sent * loop->answers_each),
                (unsigned long long)(loop->sent * loop->answers_each - loop->answered));
    }
}

void closed_loop_run(struct closed_loop *loop, struct group *group, int senders) {
    const struct options *options = loop->options;
    struct meter meter;
    meter_start(&meter, options->pid);
    for (int index = 0; index < senders; index++) {
        for (int round = 0; round < options->outstanding; round++)
            closed_loop_send(loop, group, &group->clients[index]);
        client_flush(group, &group->clients[index]);
    }
    uint64_t answered = 0;
    if (options->messages > 0) {
        drain(loop, group, 600);
        meter_stop(&meter);
        answered = loop->answered;
    } else {
        run_for(loop, group, options->seconds / 5);
        answered = loop->answered;
        meter_start(&meter, options->pid);
        run_for(loop, group, options->seconds);
        meter_stop(&meter);
        answered = loop->answered - answered;
        loop->is_stopping = true;
        drain(loop, group, 30);
    }
    report_begin(options, &meter, answered);
    report_end();
}
