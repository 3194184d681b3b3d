#ifndef VALGRIND_PRELOAD_H
#define VALGRIND_PRELOAD_H

#include <signal.h>

int sigsuspend(const sigset_t *mask);

#endif
