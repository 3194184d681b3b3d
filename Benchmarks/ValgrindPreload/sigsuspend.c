// Lets valgrind run programs that use libdispatch:
//
//     LD_PRELOAD=.build/release/libValgrindPreload.so valgrind --tool=callgrind program
//
// valgrind writes to the signal mask that a program hands to sigsuspend(), to keep signals for itself. libdispatch's
// mask is a constant in read-only memory, and so valgrind crashes. This hands on a copy.

#include "valgrind_preload.h"

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, (size_t)_NSIG / 8);
}

#endif
