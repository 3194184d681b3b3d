#include "echo.h"

#include <string.h>

#include "closed_loop.h"
#include "process.h"
#include "works.h"

static const char EVENT[] = "42000[\"echo\",\"thirty-two bytes of text, or so!\"]";
static const char ANSWER[] = "43000[\"thirty-two bytes of text, or so!\"]";

// Every event gets an id, so that an answer to another one is seen.
static void write_id(char *packet, uint64_t number) {
    unsigned id = 100 + (unsigned)(number % 900);
    packet[2] = (char)('0' + id / 100);
    packet[3] = (char)('0' + id / 10 % 10);
    packet[4] = (char)('0' + id % 10);
}

void echo_send(struct group *group, struct client *client) {
    char event[sizeof EVENT];
    memcpy(event, EVENT, sizeof EVENT);
    write_id(event, client->sent++);
    client_send(group, client, event, sizeof EVENT - 1);
}

void echo_receive(struct client *client, const char *packet, size_t length) {
    char answer[sizeof ANSWER];
    memcpy(answer, ANSWER, sizeof ANSWER);
    write_id(answer, client->received++);
    if (length != sizeof ANSWER - 1 || memcmp(packet, answer, length) != 0 || client->received > client->sent)
        die("Expected %s, but the server sent %.*s", answer, (int)length, packet);
}

static void on_packet(struct group *group, struct client *client, const char *packet, size_t length) {
    struct closed_loop *loop = group->work;
    echo_receive(client, packet, length);
    loop->answered++;
    closed_loop_send(loop, group, client);
    if (loop->options->writes_singly) client_flush(group, client);
}

static void run(struct options *options) {
    struct closed_loop loop = {.options = options, .send = echo_send, .answers_each = 1};
    struct group group = {.transport = options->transport, .on_packet = on_packet, .work = &loop};
    group_open(&group, options->host, options->port, options->connections);
    closed_loop_run(&loop, &group, options->connections);
    group_close(&group);
}

const struct work echo_work = {"echo", run};
