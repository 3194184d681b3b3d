#include "frame.h"

#include <stdint.h>
#include <string.h>

#include "process.h"

size_t frame_header(unsigned char header[LONGEST_FRAME_HEADER], size_t length, bool masked) {
    size_t size = 2;
    header[0] = 0x81;
    if (length < 126) {
        header[1] = (unsigned char)length;
    } else if (length < 65536) {
        header[1] = 126;
        header[2] = (unsigned char)(length >> 8);
        header[3] = (unsigned char)length;
        size = 4;
    } else {
        die("A message of %zu bytes is too long.", length);
    }
    if (!masked) return size;
    header[1] |= 0x80;
    memset(header + size, 0, 4);
    return size + 4;
}

bool frame_parse(char *bytes, size_t available, struct frame *frame) {
    const unsigned char *header = (const unsigned char *)bytes;
    if (available < 2) return false;
    if (header[0] != 0x81) die("A frame is no whole text message: it begins with %02x.", header[0]);
    size_t size = 2, length = header[1] & 0x7F;
    if (length == 127) die("A frame is longer than 65,535 bytes.");
    if (length == 126) {
        size = 4;
        if (available < size) return false;
        length = (size_t)header[2] << 8 | header[3];
    }
    const unsigned char *mask = NULL;
    if (header[1] & 0x80) {
        mask = header + size;
        size += 4;
    }
    if (available < size + length) return false;
    char *text = bytes + size;
    if (mask && (mask[0] | mask[1] | mask[2] | mask[3]) != 0)
        for (size_t index = 0; index < length; index++) text[index] ^= (char)mask[index & 3];
    *frame = (struct frame){.text = text, .length = length, .total = size + length};
    return true;
}
