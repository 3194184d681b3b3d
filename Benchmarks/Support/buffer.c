#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include "process.h"

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
    if (buffer->length + length > buffer->capacity) {
        buffer->capacity = (buffer->length + length) * 2 + 128;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (!buffer->bytes) die("Out of memory.");
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

void buffer_consume(struct buffer *buffer, size_t length) {
    buffer->length -= length;
    if (buffer->length > 0) memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

void buffer_free(struct buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}
