#include "stun.h"

#include <string.h>

#include "process.h"

static const unsigned char COOKIE[4] = {0x21, 0x12, 0xA4, 0x42};

uint16_t get_16(const unsigned char *bytes) { return (uint16_t)(bytes[0] << 8 | bytes[1]); }

void put_16(unsigned char *bytes, uint16_t value) {
    bytes[0] = (unsigned char)(value >> 8);
    bytes[1] = (unsigned char)value;
}

void stun_begin(struct stun_message *message, uint16_t type, const unsigned char id[STUN_ID]) {
    put_16(message->bytes, type);
    put_16(message->bytes + 2, 0);
    memcpy(message->bytes + 4, COOKIE, sizeof COOKIE);
    memcpy(message->bytes + 8, id, STUN_ID);
    message->length = STUN_HEADER;
}

void stun_append(struct stun_message *message, uint16_t type, const void *bytes, size_t length) {
    size_t padded = (length + 3) & ~(size_t)3;
    if (message->length + 4 + padded > sizeof message->bytes) die("A STUN message is too long.");
    unsigned char *place = message->bytes + message->length;
    put_16(place, type);
    put_16(place + 2, (uint16_t)length);
    memset(place + 4, 0, padded);
    memcpy(place + 4, bytes, length);
    message->length += 4 + padded;
    put_16(message->bytes + 2, (uint16_t)(message->length - STUN_HEADER));
}

// An address and its disguise are each made of the other by the same operation.
static void xor_cookie(unsigned char port[2], unsigned char address[4]) {
    for (int index = 0; index < 2; index++) port[index] ^= COOKIE[index];
    for (int index = 0; index < 4; index++) address[index] ^= COOKIE[index];
}

void stun_append_address(struct stun_message *message, uint16_t type, const struct sockaddr_in *address) {
    unsigned char value[8] = {0, 1};
    memcpy(value + 2, &address->sin_port, 2);
    memcpy(value + 4, &address->sin_addr, 4);
    xor_cookie(value + 2, value + 4);
    stun_append(message, type, value, sizeof value);
}

bool stun_is_valid(const unsigned char *bytes, size_t length) {
    if (length < STUN_HEADER || bytes[0] > 0x3F || memcmp(bytes + 4, COOKIE, sizeof COOKIE) != 0) return false;
    if ((size_t)get_16(bytes + 2) + STUN_HEADER != length) return false;
    size_t position = STUN_HEADER;
    while (position + 4 <= length) position += 4 + ((get_16(bytes + position + 2) + (size_t)3) & ~(size_t)3);
    return position == length;
}

struct stun_attribute stun_find(const unsigned char *message, size_t length, uint16_t type) {
    for (size_t position = STUN_HEADER; position + 4 <= length;) {
        const unsigned char *attribute = message + position;
        size_t size = get_16(attribute + 2);
        if (get_16(attribute) == type) return (struct stun_attribute){attribute + 4, size};
        position += 4 + ((size + 3) & ~(size_t)3);
    }
    return (struct stun_attribute){NULL, 0};
}

bool stun_find_address(const unsigned char *message, size_t length, uint16_t type, struct sockaddr_in *address) {
    struct stun_attribute found = stun_find(message, length, type);
    if (!found.bytes || found.length != 8 || found.bytes[1] != 1) return false;
    unsigned char value[8];
    memcpy(value, found.bytes, sizeof value);
    xor_cookie(value + 2, value + 4);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    memcpy(&address->sin_port, value + 2, 2);
    memcpy(&address->sin_addr, value + 4, 4);
    return true;
}
