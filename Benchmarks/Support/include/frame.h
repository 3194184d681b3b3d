// WebSocket frames that hold a whole text message (RFC 6455, section 5.2).
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct frame {
    const char *text;
    size_t length;
    // Header included.
    size_t total;
};

enum { LONGEST_FRAME_HEADER = 8 };

// Writes the header of a text message of at most 65,535 bytes to `header`, and returns its length. The mask is all
// zeros, which is legal and costs the sender nothing.
size_t frame_header(unsigned char header[LONGEST_FRAME_HEADER], size_t length, bool masked);

// Finds the message at the start of `bytes` and unmasks it in place; returns whether all of it is there. Ends the
// program if it is anything but a whole text message of at most 65,535 bytes.
bool frame_parse(char *bytes, size_t available, struct frame *frame);

#endif
