// Puts load on a running TURN server over UDP, checks every datagram that comes back, and prints what it cost the
// server as JSON.
//
// Clients and peers are both in this program. Its own processor time is printed too, so that it is plain which of the
// two is the bottleneck.

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "process.h"

static const struct work *const works[] = {&setup_work, &relay_work, &latency_work};

static _Noreturn void usage(int code) {
    fputs(
        "Usage: turn-bench --pid PID --port PORT [OPTIONS] WORK\n\n"
        "  setup     makes the allocations with a channel each, and measures what each costs\n"
        "  relay     each allocation keeps W datagrams on their way to a peer that sends them back\n"
        "  latency   R datagrams a second by the clock, all allocations in turn\n\n"
        "  --host ADDRESS       where the server is (127.0.0.1)\n"
        "  --user NAME          (bench)\n"
        "  --password PASSWORD  (bench)\n"
        "  --allocations N      how many carry datagrams, or are measured (100)\n"
        "  --idle N             how many others there are (0); for setup they are made before\n"
        "  --window W           for relay (1)\n"
        "  --in-flight M        for relay: no more than that for all allocations together, who take turns (no limit)\n"
        "  --size BYTES         application data in a datagram, a multiple of 4 (200)\n"
        "  --indications        Send and Data indications instead of a channel\n"
        "  --between-clients    every two allocations are peers of each other, instead of peers that echo\n"
        "  --segmentation       a client hands a window to the kernel as one buffer (UDP_SEGMENT)\n"
        "  --direct             for latency: without a server, for comparison; needs no --pid and --port\n"
        "  --rate R             for latency (10000)\n"
        "  --seconds S          how long it is measured, after a fifth of it to warm up (5)\n",
        code == 0 ? stdout : stderr);
    exit(code);
}

enum { HELP = 256, INDICATIONS, BETWEEN, SEGMENTATION, DIRECT, IN_FLIGHT };

static bool is_sound(const struct options *options) {
    bool has_server = options->is_direct ? options->work == &latency_work
                                         : options->pid > 0 && options->server.sin_port != 0;
    bool has_pairs = !options->is_between_clients || (options->allocations % 2 == 0 && options->idle % 2 == 0);
    return has_server && has_pairs && options->allocations > 0 && options->idle >= 0 && options->window > 0 &&
           options->window <= LONGEST_WINDOW && options->in_flight >= 0 && options->size % 4 == 0 &&
           options->size >= STAMP && options->size <= LONGEST_DATAGRAM - LONGEST_HEADER && options->rate > 0 &&
           // A permission ends after 300 seconds.
           options->seconds > 0 && options->seconds <= 200;
}

static struct options parse(int count, char **arguments) {
    struct options options = {
        .server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .user = "bench",
        .password = "bench",
        .allocations = 100,
        .window = 1,
        .size = 200,
        .rate = 10000,
        .seconds = 5};
    static const struct option known[] = {
        {"host", required_argument, 0, 'h'},
        {"port", required_argument, 0, 'p'},
        {"pid", required_argument, 0, 'i'},
        {"user", required_argument, 0, 'u'},
        {"password", required_argument, 0, 'w'},
        {"allocations", required_argument, 0, 'a'},
        {"idle", required_argument, 0, 'd'},
        {"window", required_argument, 0, 'o'},
        {"in-flight", required_argument, 0, IN_FLIGHT},
        {"size", required_argument, 0, 'z'},
        {"rate", required_argument, 0, 'r'},
        {"seconds", required_argument, 0, 's'},
        {"indications", no_argument, 0, INDICATIONS},
        {"between-clients", no_argument, 0, BETWEEN},
        {"segmentation", no_argument, 0, SEGMENTATION},
        {"direct", no_argument, 0, DIRECT},
        {"help", no_argument, 0, HELP},
        {0, 0, 0, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (option) {
        case 'h':
            if (inet_pton(AF_INET, optarg, &options.server.sin_addr) != 1) usage(64);
            break;
        case 'p': options.server.sin_port = htons((uint16_t)atoi(optarg)); break;
        case 'i': options.pid = atoi(optarg); break;
        case 'u': options.user = optarg; break;
        case 'w': options.password = optarg; break;
        case 'a': options.allocations = atoi(optarg); break;
        case 'd': options.idle = atoi(optarg); break;
        case 'o': options.window = atoi(optarg); break;
        case IN_FLIGHT: options.in_flight = atoi(optarg); break;
        case 'z': options.size = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case INDICATIONS: options.uses_indications = true; break;
        case BETWEEN: options.is_between_clients = true; break;
        case SEGMENTATION: options.uses_segmentation = true; break;
        case DIRECT: options.is_direct = true; break;
        case HELP: usage(0);
        default: usage(64);
        }
    }
    if (optind != count - 1) usage(64);
    for (size_t index = 0; index < sizeof works / sizeof *works; index++)
        if (strcmp(works[index]->name, arguments[optind]) == 0) options.work = works[index];
    if (!options.work || !is_sound(&options)) usage(64);
    return options;
}

int main(int count, char **arguments) {
    struct options options = parse(count, arguments);
    allow_many_files();
    options.work->run(&options);
    return 0;
}
