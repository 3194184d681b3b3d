// Counts the heap allocations of a program that is linked to this or has it preloaded:
//
//     LD_PRELOAD=.build/release/libAllocationCounter.so program
//
// A program reads its own counts with allocation_counter_read(). With ALLOCATION_COUNTER_FILE=path the counts stand in
// that file as struct allocation_counts, so that another process can read them while the program runs.
// A realloc counts as one allocation. glibc only: its functions have a second name to call on to.

#include "allocation_counter.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

static struct allocation_counts own;
static struct allocation_counts *counts = &own;

__attribute__((constructor)) static void share_counts(void) {
    const char *path = getenv("ALLOCATION_COUNTER_FILE");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    if (ftruncate(file, sizeof own) == 0) {
        void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (shared != MAP_FAILED) counts = shared;
    }
    close(file);
}

static void count(size_t size) {
    __atomic_fetch_add(&counts->allocations, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&counts->bytes, size, __ATOMIC_RELAXED);
}

struct allocation_counts allocation_counter_read(void) {
    struct allocation_counts now;
    now.allocations = __atomic_load_n(&counts->allocations, __ATOMIC_RELAXED);
    now.frees = __atomic_load_n(&counts->frees, __ATOMIC_RELAXED);
    now.bytes = __atomic_load_n(&counts->bytes, __ATOMIC_RELAXED);
    return now;
}

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    count(size);
    return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *pointer = memalign(alignment, size);
    if (pointer == NULL) return ENOMEM;
    *result = pointer;
    return 0;
}

void free(void *pointer) {
    if (pointer != NULL) __atomic_fetch_add(&counts->frees, 1, __ATOMIC_RELAXED);
    __libc_free(pointer);
}

#else

struct allocation_counts allocation_counter_read(void) {
    struct allocation_counts none = {0, 0, 0};
    return none;
}

#endif
