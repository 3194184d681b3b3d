#include "internal.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

/// How many events of epoll are fetched at a time.
#define EVENTS 64

struct udp_poller {
    int epoll; // -1: the two arrays are used
    int count;
    int capacity;
    int next; // where the search for the next event begins, so that none is starved
    struct pollfd *descriptors;
    uint64_t *tokens;
};

struct udp_poller *_Nullable udp_poller_create(bool portable) {
    struct udp_poller *poller = calloc(1, sizeof *poller);
    if (poller == NULL) abort();
    poller->epoll = -1;
#if defined(__linux__)
    if (!portable) {
        poller->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (poller->epoll < 0) {
            free(poller);
            return NULL;
        }
    }
#endif
    return poller;
}

void udp_poller_destroy(struct udp_poller *poller) {
    if (poller->epoll >= 0) close(poller->epoll);
    free(poller->descriptors);
    free(poller->tokens);
    free(poller);
}

int udp_poller_add(struct udp_poller *poller, int descriptor, uint64_t token) {
#if defined(__linux__)
    if (poller->epoll >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
        return epoll_ctl(poller->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
    }
#endif
    if (poller->count == poller->capacity) {
        int capacity = poller->capacity > 0 ? 2 * poller->capacity : 16;
        struct pollfd *descriptors = realloc(poller->descriptors, (size_t)capacity * sizeof *descriptors);
        if (descriptors == NULL) return -ENOMEM;
        poller->descriptors = descriptors;
        uint64_t *tokens = realloc(poller->tokens, (size_t)capacity * sizeof *tokens);
        if (tokens == NULL) return -ENOMEM;
        poller->tokens = tokens;
        poller->capacity = capacity;
    }
    poller->descriptors[poller->count] = (struct pollfd){.fd = descriptor, .events = POLLIN};
    poller->tokens[poller->count] = token;
    poller->count++;
    return 0;
}

void udp_poller_remove(struct udp_poller *poller, int descriptor) {
#if defined(__linux__)
    if (poller->epoll >= 0) {
        epoll_ctl(poller->epoll, EPOLL_CTL_DEL, descriptor, NULL);
        return;
    }
#endif
    for (int i = 0; i < poller->count; i++) {
        if (poller->descriptors[i].fd != descriptor) continue;
        poller->count--;
        poller->descriptors[i] = poller->descriptors[poller->count];
        poller->tokens[i] = poller->tokens[poller->count];
        return;
    }
}

int udp_poller_wait(struct udp_poller *poller, struct udp_event *events, int count, int timeout) {
#if defined(__linux__)
    if (poller->epoll >= 0) {
        struct epoll_event found[EVENTS];
        int number = epoll_wait(poller->epoll, found, count < EVENTS ? count : EVENTS, timeout);
        for (int i = 0; i < number; i++) {
            events[i].token = found[i].data.u64;
            events[i].readable = (found[i].events & EPOLLIN) != 0;
            events[i].failed = (found[i].events & EPOLLERR) != 0;
        }
        return number < 0 ? (errno == EINTR ? 0 : -errno) : number;
    }
#endif
    int ready = poll(poller->descriptors, (nfds_t)poller->count, timeout);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    int number = 0;
    for (int i = 0; i < poller->count && number < count && ready > 0; i++) {
        int index = (poller->next + i) % poller->count;
        short flags = poller->descriptors[index].revents;
        if (flags == 0) continue;
        events[number].token = poller->tokens[index];
        events[number].readable = (flags & POLLIN) != 0;
        events[number].failed = (flags & POLLERR) != 0;
        number++;
        ready--;
        if (number == count) poller->next = index + 1;
    }
    return number;
}

int udp_waker_open(struct udp_waker *waker, bool portable) {
#if defined(__linux__)
    if (!portable) {
        int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        waker->read_end = waker->write_end = descriptor;
        return descriptor >= 0 ? 0 : -errno;
    }
#endif
    int ends[2];
    if (pipe(ends) < 0) return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    waker->read_end = ends[0];
    waker->write_end = ends[1];
    return 0;
}

void udp_waker_close(struct udp_waker *waker) {
    if (waker->write_end != waker->read_end) close(waker->write_end);
    close(waker->read_end);
}

void udp_waker_wake(const struct udp_waker *waker) {
    // A full pipe or counter wakes as well.
    uint64_t one = 1;
    ssize_t written = write(waker->write_end, &one, sizeof one);
    (void)written;
}

void udp_waker_clear(const struct udp_waker *waker) {
    uint64_t bytes[64];
    while (read(waker->read_end, bytes, sizeof bytes) == (ssize_t)sizeof bytes) {}
}

struct start {
    void (*body)(void *);
    void *context;
};

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    start.body(start.context);
    return NULL;
}

int udp_thread_start(void (*body)(void *), void *context) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return -ENOMEM;
    *start = (struct start){.body = body, .context = context};
    // Signals are for the threads of whoever started the process.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int result = pthread_create(&thread, NULL, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        free(start);
        return -result;
    }
    pthread_detach(thread);
    return 0;
}

uint64_t udp_uptime(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t udp_unix_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec < 0) return 0;
    return now.tv_sec > (time_t)UINT32_MAX ? UINT32_MAX : (uint32_t)now.tv_sec;
}
