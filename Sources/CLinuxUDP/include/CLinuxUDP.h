// What the relay threads of a TURN server ask of the system: datagrams in batches, the errors of datagrams, and waiting.
//
// Functions that return int return a negative error number when they fail. On Linux all but udp_open can be told to do
// without what is Linux's own ("portable"), so that the code for other systems is tested there.

#ifndef CLINUXUDP_H
#define CLINUXUDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__clang__)
#define _Nullable
#else
#pragma clang assume_nonnull begin
#endif

/// How many datagrams are received before what they cause is sent.
#define UDP_SLOTS 64
/// How many datagrams can wait to be sent.
#define UDP_PACKETS 256
/// The room in front of a received datagram.
#define UDP_HEADROOM 64
/// The room behind the longest one.
#define UDP_TAILROOM 4
/// The room for what has to be copied and waits to be sent.
#define UDP_SCRATCH (256 << 10)

/// The family of an address that is none.
#define UDP_NO_ADDRESS 0
#define UDP_IPV4 1
#define UDP_IPV6 2

/// An address and a port, in host order.
struct udp_address {
    uint64_t high;  // the first half of an IPv6 address
    uint64_t low;   // the second half, or an IPv4 address
    uint32_t scope; // the interface of a link-local IPv6 address
    uint16_t port;
    uint8_t family;
};

/// What one slot has received.
struct udp_received {
    uint8_t *bytes;
    uint32_t length;
    uint32_t segment; // what was joined into one had this length, but for the last, which may be shorter; 0 if nothing
    bool truncated;
    struct udp_address source;
    struct udp_address local; // where it was sent to, if the socket tells
};

/// A datagram that waits to be sent.
struct udp_packet {
    const uint8_t *bytes;
    uint32_t length;
    int32_t next; // the next of the same socket, or -1
    struct udp_address to;
    struct udp_address from; // UDP_NO_ADDRESS: what the system takes
    bool dont_fragment;
};

/// A socket and the chain of packets that wait for it.
struct udp_socket {
    int descriptor;
    int32_t first; // -1 if none waits
    int32_t last;
    uint8_t family;
    bool dont_fragment;
};

/// The memory of one thread, made once.
struct udp_io {
    struct udp_received *received;
    struct udp_packet *packets;
    uint8_t *scratch;
    struct udp_vectors *vectors;
    int32_t segmentation_pause; // so many more runs are sent without joining them; INT32_MAX for ever
    bool portable;
};

struct udp_io *udp_io_create(bool portable);
void udp_io_destroy(struct udp_io *io);

/// Receives what has arrived, into the slots first ..< first + count.
/// Returns the number of datagrams, 0 if there is none.
int udp_receive(struct udp_io *io, int descriptor, int first, int count);

/// Sends the chain of a socket and leaves it empty. What the system refuses is given up, and all else is sent.
/// Returns how many datagrams were given up.
int udp_send(struct udp_io *io, struct udp_socket *socket);

enum udp_options {
    UDP_REUSE_PORT = 1,    // let others of this user with the same option have the port as well
    UDP_DESTINATION = 2,   // tell where datagrams were sent to
    UDP_ERRORS = 4,        // keep what ICMP says for udp_read_error
    UDP_LARGE_BUFFERS = 8, // wait for a busy thread with some megabytes
    UDP_JOIN = 16,         // receive datagrams of one flow together where the system can
};

/// Opens a socket that does not block, bound to an address of its own family only.
/// Returns the descriptor, and in `bound` the address with the port that it got.
int udp_open(const struct udp_address *address, unsigned options, struct udp_address *_Nullable bound);

/// Lets others have the port of an open socket from now on (UDP_REUSE_PORT).
int udp_share_port(int descriptor);

void udp_close(int descriptor);

/// The address of this machine from which the system would send to `peer`. Returns 0, or a negative error number.
int udp_source(const struct udp_address *peer, struct udp_address *source);

/// What the network said about a datagram.
struct udp_error {
    struct udp_address peer; // where it was sent to
    bool from_network;       // whether this is ICMP's word; else the own system's
    uint8_t type;
    uint8_t code;
    uint32_t mtu;
};

/// Takes the oldest error; returns 1, or 0 if there is none.
int udp_read_error(int descriptor, struct udp_error *error);

/// A token's socket can be read, or has an error to read.
struct udp_event {
    uint64_t token;
    bool readable;
    bool failed;
};

struct udp_poller;

struct udp_poller *_Nullable udp_poller_create(bool portable);
void udp_poller_destroy(struct udp_poller *poller);
int udp_poller_add(struct udp_poller *poller, int descriptor, uint64_t token);
/// To be called before the descriptor is closed.
void udp_poller_remove(struct udp_poller *poller, int descriptor);
/// Waits up to `timeout` milliseconds, or for ever if it is negative. Returns how many events there are; 0 when the
/// time is over or a signal came.
int udp_poller_wait(struct udp_poller *poller, struct udp_event *events, int count, int timeout);

/// Wakes a thread that waits.
struct udp_waker {
    int read_end;
    int write_end;
};

int udp_waker_open(struct udp_waker *waker, bool portable);
void udp_waker_close(struct udp_waker *waker);
void udp_waker_wake(const struct udp_waker *waker);
void udp_waker_clear(const struct udp_waker *waker);

/// Runs `body` on a thread of its own that nobody waits for.
int udp_thread_start(void (*body)(void *), void *context);

/// Nanoseconds of a clock that is never set.
uint64_t udp_uptime(void);
/// Seconds of Unix time; 0 before 1970, and the last number there is from 2106 on.
uint32_t udp_unix_time(void);

/// Adds to a number that one thread changes and any may read.
static inline void udp_count(uint64_t *counter, uint64_t increment) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + increment, __ATOMIC_RELAXED);
}

static inline uint64_t udp_counted(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
