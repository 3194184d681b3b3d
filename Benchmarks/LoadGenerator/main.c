// Puts load on a running socketio-conformance and prints what it cost the server, as a row of a Markdown table.
//
// Everything runs in a closed loop: a message is sent when an earlier one was answered, so that the server sets the
// pace. This program's own processor time is printed too: it must be well below the server's.

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "client.h"
#include "process.h"

enum { MOST_OUTSTANDING = 1024 };

struct options {
    const char *host, *port, *work;
    int pid, connections, outstanding;
    double seconds;
};

// What the work has done so far.
struct load {
    struct options options;
    // Messages that reached their end: acknowledgements, or deliveries of broadcasts.
    uint64_t messages;
    // Broadcasts that reached everybody, and how many have received each of those on their way.
    uint64_t completed;
    int deliveries[MOST_OUTSTANDING];
};

static _Noreturn void usage(int code) {
    fputs(
        "Usage: linkup-bench --pid PID --port PORT [--host HOST] [--connections N] [--outstanding K]\n"
        "                    [--seconds S] connect|echo|broadcast\n\n"
        "  connect     opens the connections, and measures what each costs while it is idle\n"
        "  echo        each connection keeps K events waiting for their acknowledgement\n"
        "  broadcast   K messages at a time on their way to all connections, which share a room\n",
        code == 0 ? stdout : stderr);
    exit(code);
}

static struct options parse(int count, char **arguments) {
    struct options options = {.host = "127.0.0.1", .connections = 100, .outstanding = 1, .seconds = 5};
    static const struct option known[] = {
        {"host", required_argument, 0, 'h'},        {"port", required_argument, 0, 'p'},
        {"pid", required_argument, 0, 'i'},         {"connections", required_argument, 0, 'c'},
        {"outstanding", required_argument, 0, 'o'}, {"seconds", required_argument, 0, 's'},
        {"help", no_argument, 0, '?' + 256},        {0, 0, 0, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (option) {
        case 'h': options.host = optarg; break;
        case 'p': options.port = optarg; break;
        case 'i': options.pid = atoi(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'o': options.outstanding = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case '?' + 256: usage(0);
        default: usage(64);
        }
    }
    if (optind != count - 1 || !options.port || options.pid <= 0 || options.connections <= 0 ||
        options.outstanding <= 0 || options.outstanding > MOST_OUTSTANDING || options.seconds <= 0)
        usage(64);
    options.work = arguments[optind];
    return options;
}

static void send_echo(struct client *client) {
    static const char event[] = "421[\"echo\",\"thirty-two bytes of text, or so\"]";
    client_send(client, event, sizeof event - 1);
}

static void on_echo(struct group *group, struct client *client, const char *packet, size_t length) {
    struct load *load = group->work;
    if (length < 4 || memcmp(packet, "431[", 4) != 0) die("Unexpected answer: %.*s", (int)length, packet);
    load->messages++;
    send_echo(client);
}

// Broadcasts go out from the first client, which is in the room as well.
static void send_broadcast(struct group *group) {
    static const char event[] = "42[\"say\",\"everybody\",\"thirty-two bytes of text, or so\"]";
    client_send(&group->clients[0], event, sizeof event - 1);
}

static void on_broadcast(struct group *group, struct client *client, const char *packet, size_t length) {
    struct load *load = group->work;
    if (length < 9 || memcmp(packet, "42[\"said\"", 9) != 0) {
        // The acknowledgement of the echo by which prepare_room knows that the client is in the room.
        if (length < 4 || memcmp(packet, "431[", 4) != 0) die("Unexpected event: %.*s", (int)length, packet);
        load->messages++;
        return;
    }
    load->messages++;
    // The messages of one sender arrive in order, so that counting tells which one this is.
    int *deliveries = &load->deliveries[client->received++ % (uint64_t)load->options.outstanding];
    if (++*deliveries < group->count) return;
    *deliveries = 0;
    load->completed++;
    send_broadcast(group);
    client_flush(group, &group->clients[0]);
}

static void prepare_room(struct group *group) {
    static const char join[] = "42[\"join\",\"everybody\"]";
    struct load *load = group->work;
    for (int index = 0; index < group->count; index++) {
        client_send(&group->clients[index], join, sizeof join - 1);
        send_echo(&group->clients[index]);
        client_flush(group, &group->clients[index]);
    }
    while (load->messages < (uint64_t)group->count) group_turn(group, 100);
}

static void run_for(struct group *group, double seconds) {
    for (double end = now_seconds() + seconds; now_seconds() < end;) group_turn(group, 10);
}

// Runs a closed loop, first to warm up, then measured.
static void measure(struct group *group) {
    struct load *load = group->work;
    const struct options *options = &load->options;
    bool is_broadcast = strcmp(options->work, "broadcast") == 0;
    group->on_packet = is_broadcast ? on_broadcast : on_echo;
    if (is_broadcast) prepare_room(group);
    for (int round = 0; round < options->outstanding; round++) {
        if (is_broadcast) {
            send_broadcast(group);
            continue;
        }
        for (int index = 0; index < group->count; index++) send_echo(&group->clients[index]);
    }
    for (int index = 0; index < group->count; index++) client_flush(group, &group->clients[index]);
    run_for(group, options->seconds / 5);

    uint64_t messages = load->messages;
    double server = process_cpu_seconds(options->pid), own = own_cpu_seconds(), begin = now_seconds();
    run_for(group, options->seconds);
    double elapsed = now_seconds() - begin;
    messages = load->messages - messages;
    if (messages == 0) die("No message came back in %.1f s.", elapsed);
    server = process_cpu_seconds(options->pid) - server;
    own = own_cpu_seconds() - own;
    printf(
        "| %s, %d connections, %d outstanding%s | %.0f %s/s | %.2f µs | %.2f µs | |\n",
        is_broadcast ? "broadcast to a room" : "event with acknowledgement", options->connections,
        options->outstanding, is_broadcast ? "" : " each", (double)messages / elapsed,
        is_broadcast ? "deliveries" : "messages", server / (double)messages * 1e6, own / (double)messages * 1e6);
}

int main(int count, char **arguments) {
    struct options options = parse(count, arguments);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    struct load load = {.options = options};
    struct group group = {.work = &load};
    if (strcmp(options.work, "echo") == 0 || strcmp(options.work, "broadcast") == 0) {
        group_open(&group, options.host, options.port, options.connections);
        measure(&group);
    } else if (strcmp(options.work, "connect") == 0) {
        long memory = process_memory_kib(options.pid);
        double server = process_cpu_seconds(options.pid), own = own_cpu_seconds(), begin = now_seconds();
        group_open(&group, options.host, options.port, options.connections);
        double elapsed = now_seconds() - begin;
        server = process_cpu_seconds(options.pid) - server;
        own = own_cpu_seconds() - own;
        memory = process_memory_kib(options.pid) - memory;
        printf(
            "| connection, %d opened and then idle | %.0f connections/s | %.0f µs | %.0f µs | %.1f KiB |\n",
            options.connections, options.connections / elapsed, server / options.connections * 1e6,
            own / options.connections * 1e6, (double)memory / options.connections);
    } else {
        usage(64);
    }
    group_close(&group);
    return 0;
}
