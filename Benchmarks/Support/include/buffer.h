// Bytes that are appended at the end and taken from the front.
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

struct buffer {
    char *bytes;
    size_t length, capacity;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);

// Takes `length` bytes from the front.
void buffer_consume(struct buffer *buffer, size_t length);

// Gives the memory back and leaves an empty buffer.
void buffer_free(struct buffer *buffer);

#endif
