#include "internal.h"

uint64_t udp_load_be64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

void udp_store_be64(uint64_t value, uint8_t *bytes) {
    for (int i = 7; i >= 0; i--, value >>= 8) bytes[i] = (uint8_t)value;
}

socklen_t udp_name_make(const struct udp_address *address, union udp_name *name) {
    if (address->family == UDP_IPV4) {
        memset(&name->v4, 0, sizeof name->v4);
        name->v4.sin_family = AF_INET;
        name->v4.sin_port = htons(address->port);
        name->v4.sin_addr.s_addr = htonl((uint32_t)address->low);
        return sizeof name->v4;
    }
    memset(&name->v6, 0, sizeof name->v6);
    name->v6.sin6_family = AF_INET6;
    name->v6.sin6_port = htons(address->port);
    name->v6.sin6_scope_id = address->scope;
    udp_store_be64(address->high, name->v6.sin6_addr.s6_addr);
    udp_store_be64(address->low, name->v6.sin6_addr.s6_addr + 8);
    return sizeof name->v6;
}

void udp_address_read(const union udp_name *name, struct udp_address *address) {
    switch (name->any.sa_family) {
    case AF_INET:
        address->high = 0;
        address->low = ntohl(name->v4.sin_addr.s_addr);
        address->scope = 0;
        address->port = ntohs(name->v4.sin_port);
        address->family = UDP_IPV4;
        break;
    case AF_INET6:
        address->high = udp_load_be64(name->v6.sin6_addr.s6_addr);
        address->low = udp_load_be64(name->v6.sin6_addr.s6_addr + 8);
        address->scope = name->v6.sin6_scope_id;
        address->port = ntohs(name->v6.sin6_port);
        address->family = UDP_IPV6;
        break;
    default:
        memset(address, 0, sizeof *address);
    }
}
