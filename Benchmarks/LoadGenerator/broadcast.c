#include <stdio.h>
#include <string.h>

#include "closed_loop.h"
#include "echo.h"
#include "process.h"
#include "works.h"

enum { MOST_OUTSTANDING = 1024 };

struct broadcast {
    // First, so that a pointer to it is one to this.
    struct closed_loop loop;
    // Clients that are in the room.
    int joined;
    // For each message on its way: what everybody should get, and how many got it.
    char expected[MOST_OUTSTANDING][48];
    int deliveries[MOST_OUTSTANDING];
};

// Broadcasts go out from the first client, which is in the room as well.
static void send_broadcast(struct group *group, struct client *client) {
    struct broadcast *work = group->work;
    char number[9], event[96];
    snprintf(number, sizeof number, "%08llu", (unsigned long long)(client->sent % 100000000));
    char *expected = work->expected[client->sent++ % (uint64_t)work->loop.options->outstanding];
    snprintf(expected, sizeof work->expected[0], "42[\"said\",\"%s thirty-two bytes of text\"]", number);
    int length = snprintf(event, sizeof event, "42[\"say\",\"everybody\",\"%s thirty-two bytes of text\"]", number);
    client_send(group, client, event, (size_t)length);
}

static void on_packet(struct group *group, struct client *client, const char *packet, size_t length) {
    struct broadcast *work = group->work;
    // The messages of one sender arrive in order, so that counting tells which one this is.
    uint64_t place = client->received++ % (uint64_t)work->loop.options->outstanding;
    const char *expected = work->expected[place];
    if (length != strlen(expected) || memcmp(packet, expected, length) != 0)
        die("Expected %s, but the server sent %.*s", expected, (int)length, packet);
    work->loop.answered++;
    if (++work->deliveries[place] < group->count) return;
    work->deliveries[place] = 0;
    work->loop.completed++;
}

static void on_joined(struct group *group, struct client *client, const char *packet, size_t length) {
    struct broadcast *work = group->work;
    echo_receive(client, packet, length);
    client->sent = client->received = 0;
    work->joined++;
}

// An answered echo behind the `join` tells that the client is in the room.
static void join(struct group *group) {
    static const char event[] = "42[\"join\",\"everybody\"]";
    struct broadcast *work = group->work;
    group->on_packet = on_joined;
    for (int index = 0; index < group->count; index++) {
        client_send(group, &group->clients[index], event, sizeof event - 1);
        echo_send(group, &group->clients[index]);
        client_flush(group, &group->clients[index]);
        // Not all at once, which would only fill buffers.
        while (work->joined + 100 < index) group_turn(group, 1);
    }
    while (work->joined < group->count) group_turn(group, 1);
}

static void run(struct options *options) {
    if (options->outstanding > MOST_OUTSTANDING) die("At most %d messages can be on their way.", MOST_OUTSTANDING);
    static struct broadcast work;
    work.loop = (struct closed_loop){
        .options = options, .send = send_broadcast, .answers_each = (uint64_t)options->connections};
    struct group group = {.transport = options->transport, .work = &work};
    group_open(&group, options->host, options->port, options->connections);
    join(&group);
    group.on_packet = on_packet;
    closed_loop_run(&work.loop, &group, 1);
    group_close(&group);
}

const struct work broadcast_work = {"broadcast", run};
