// The few STUN and TURN messages that the load generator and the floor exchange (RFC 8489, RFC 8656), over IPv4.
#ifndef STUN_H
#define STUN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STUN_HEADER = 20, STUN_ID = 12, CHANNEL_HEADER = 4, FIRST_CHANNEL = 0x4000, LAST_CHANNEL = 0x4FFF };

// Message types: method and class together.
enum {
    ALLOCATE = 0x0003,
    SEND_INDICATION = 0x0016,
    DATA_INDICATION = 0x0017,
    CREATE_PERMISSION = 0x0008,
    CHANNEL_BIND = 0x0009,
    STUN_SUCCESS = 0x0100,
    STUN_ERROR = 0x0110,
};

enum {
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    CHANNEL_NUMBER = 0x000C,
    LIFETIME = 0x000D,
    XOR_PEER_ADDRESS = 0x0012,
    DATA = 0x0013,
    REALM = 0x0014,
    NONCE = 0x0015,
    XOR_RELAYED_ADDRESS = 0x0016,
    REQUESTED_TRANSPORT = 0x0019,
    XOR_MAPPED_ADDRESS = 0x0020,
};

struct stun_message {
    unsigned char bytes[1024];
    size_t length;
};

struct stun_attribute {
    const unsigned char *bytes;
    size_t length;
};

uint16_t get_16(const unsigned char *bytes);
void put_16(unsigned char *bytes, uint16_t value);

void stun_begin(struct stun_message *message, uint16_t type, const unsigned char id[STUN_ID]);
// Appends an attribute with its padding, and adds it to the length in the header.
void stun_append(struct stun_message *message, uint16_t type, const void *bytes, size_t length);
void stun_append_address(struct stun_message *message, uint16_t type, const struct sockaddr_in *address);

// Whether the bytes are one whole STUN message whose attributes fit in.
bool stun_is_valid(const unsigned char *bytes, size_t length);
// The first attribute of that type in a valid message; `bytes` is NULL if there is none.
struct stun_attribute stun_find(const unsigned char *message, size_t length, uint16_t type);
bool stun_find_address(const unsigned char *message, size_t length, uint16_t type, struct sockaddr_in *address);

#endif
