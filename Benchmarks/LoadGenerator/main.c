// Puts load on a running Socket.IO server, checks every answer, and prints what it cost the server as JSON.
//
// The server must behave as socketio-conformance does. This program's own processor time is printed too, so that it is
// plain which of the two is the bottleneck.

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "works.h"

static const struct work *const works[] = {&connect_work, &hold_work, &echo_work, &broadcast_work, &latency_work};

static _Noreturn void usage(int code) {
    fputs(
        "Usage: linkup-bench --pid PID --port PORT [OPTIONS] WORK\n\n"
        "  connect     opens the connections, and measures what each costs while it is idle\n"
        "  hold        holds the connections and prints the server's memory twenty times in between\n"
        "  echo        each connection keeps K events waiting for their acknowledgement\n"
        "  broadcast   K messages at a time on their way to all connections, which share a room\n"
        "  latency     R acknowledged events a second by the clock, all connections in turn\n\n"
        "  --host HOST          where the server is (127.0.0.1)\n"
        "  --connections N      how many connections (100)\n"
        "  --idle N             for connect: so many more are opened first and not measured (0)\n"
        "  --token BYTES        for connect and hold: each client joins with a token of so many bytes (0)\n"
        "  --outstanding K      for echo and broadcast (1)\n"
        "  --rate R             for latency (5000)\n"
        "  --seconds S          how long it is measured, after a fifth of it to warm up (5)\n"
        "  --messages N         for echo and broadcast: sends so many instead, without a warm-up\n"
        "  --singly             for echo: each event in a write of its own, even where several were answered at once\n"
        "  --polling            HTTP long-polling instead of WebSocket\n",
        code == 0 ? stdout : stderr);
    exit(code);
}

enum { HELP = 256, POLLING, SINGLY, TOKEN };

static struct options parse(int count, char **arguments) {
    struct options options = {
        .host = "127.0.0.1", .transport = &websocket, .connections = 100, .outstanding = 1, .rate = 5000, .seconds = 5};
    static const struct option known[] = {
        {"host", required_argument, 0, 'h'},     {"port", required_argument, 0, 'p'},
        {"pid", required_argument, 0, 'i'},      {"connections", required_argument, 0, 'c'},
        {"idle", required_argument, 0, 'd'},     {"outstanding", required_argument, 0, 'o'},
        {"rate", required_argument, 0, 'r'},     {"seconds", required_argument, 0, 's'},
        {"messages", required_argument, 0, 'm'}, {"polling", no_argument, 0, POLLING},
        {"singly", no_argument, 0, SINGLY},      {"help", no_argument, 0, HELP},
        {"token", required_argument, 0, TOKEN},  {0, 0, 0, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (option) {
        case 'h': options.host = optarg; break;
        case 'p': options.port = optarg; break;
        case 'i': options.pid = atoi(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'd': options.idle = atoi(optarg); break;
        case 'o': options.outstanding = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'm': options.messages = strtoull(optarg, NULL, 10); break;
        case POLLING: options.transport = &polling; break;
        case SINGLY: options.writes_singly = true; break;
        case TOKEN: options.token = atoi(optarg); break;
        case HELP: usage(0);
        default: usage(64);
        }
    }
    if (optind != count - 1 || !options.port || options.pid <= 0 || options.connections <= 0 || options.idle < 0 ||
        options.token < 0 || options.token > LONGEST_TOKEN || options.outstanding <= 0 || options.rate <= 0 ||
        options.seconds <= 0)
        usage(64);
    for (size_t index = 0; index < sizeof works / sizeof *works; index++)
        if (strcmp(works[index]->name, arguments[optind]) == 0) options.work = works[index];
    if (!options.work) usage(64);
    return options;
}

int main(int count, char **arguments) {
    struct options options = parse(count, arguments);
    allow_many_files();
    options.work->run(&options);
    return 0;
}
