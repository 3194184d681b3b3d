#include "digest.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "process.h"

enum { BLOCK = 64 };

static uint32_t rotate(uint32_t value, unsigned count) { return value << count | value >> (32 - count); }

static uint32_t load(const unsigned char *bytes, bool is_big_endian) {
    uint32_t value = 0;
    for (int index = 0; index < 4; index++) value = value << 8 | bytes[is_big_endian ? index : 3 - index];
    return value;
}

static void store(unsigned char *bytes, uint32_t value, bool is_big_endian) {
    for (int index = 0; index < 4; index++)
        bytes[is_big_endian ? 3 - index : index] = (unsigned char)(value >> 8 * index);
}

static void md5_block(uint32_t state[5], const unsigned char *block) {
    // The integer part of 2^32 |sin(i + 1)|.
    static uint32_t sines[64];
    static const unsigned shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    if (sines[0] == 0)
        for (int index = 0; index < 64; index++) sines[index] = (uint32_t)floor(fabs(sin(index + 1)) * 4294967296.0);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned index = 0; index < 64; index++) {
        uint32_t mixed;
        unsigned word;
        switch (index / 16) {
        case 0: mixed = (b & c) | (~b & d), word = index; break;
        case 1: mixed = (d & b) | (~d & c), word = 5 * index + 1; break;
        case 2: mixed = b ^ c ^ d, word = 3 * index + 5; break;
        default: mixed = c ^ (b | ~d), word = 7 * index; break;
        }
        uint32_t sum = a + mixed + sines[index] + load(block + word % 16 * 4, false);
        a = d, d = c, c = b;
        b += rotate(sum, shifts[index / 16][index % 4]);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void sha1_block(uint32_t state[5], const unsigned char *block) {
    uint32_t words[80];
    for (int index = 0; index < 16; index++) words[index] = load(block + index * 4, true);
    for (int index = 16; index < 80; index++)
        words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int index = 0; index < 80; index++) {
        uint32_t mixed;
        switch (index / 20) {
        case 0: mixed = ((b & c) | (~b & d)) + 0x5A827999; break;
        case 1: mixed = (b ^ c ^ d) + 0x6ED9EBA1; break;
        case 2: mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC; break;
        default: mixed = (b ^ c ^ d) + 0xCA62C1D6; break;
        }
        uint32_t sum = rotate(a, 5) + mixed + e + words[index];
        e = d, d = c, c = rotate(b, 30), b = a, a = sum;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

// Both hashes have the same frame: blocks of 64 bytes, the last of which end with a bit and the length.
static void digest(
    void (*mix)(uint32_t[5], const unsigned char *), bool is_big_endian, const unsigned char *bytes, size_t length,
    unsigned char *result, size_t words) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    size_t position = 0;
    for (; length - position >= BLOCK; position += BLOCK) mix(state, bytes + position);
    unsigned char last[2 * BLOCK] = {0};
    size_t rest = length - position, size = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    if (rest > 0) memcpy(last, bytes + position, rest);
    last[rest] = 0x80;
    uint64_t bits = (uint64_t)length * 8;
    store(last + size - 8, (uint32_t)(is_big_endian ? bits >> 32 : bits), is_big_endian);
    store(last + size - 4, (uint32_t)(is_big_endian ? bits : bits >> 32), is_big_endian);
    for (size_t offset = 0; offset < size; offset += BLOCK) mix(state, last + offset);
    for (size_t index = 0; index < words; index++) store(result + index * 4, state[index], is_big_endian);
}

void md5(const void *bytes, size_t length, unsigned char result[MD5_SIZE]) {
    digest(md5_block, false, bytes, length, result, 4);
}

void sha1(const void *bytes, size_t length, unsigned char result[SHA1_SIZE]) {
    digest(sha1_block, true, bytes, length, result, 5);
}

void hmac_sha1(
    const void *key, size_t key_length, const void *bytes, size_t length, unsigned char result[SHA1_SIZE]) {
    unsigned char inner[BLOCK + 1024], outer[BLOCK + SHA1_SIZE], padded[BLOCK] = {0};
    if (key_length > BLOCK || length > sizeof inner - BLOCK) die("The text for a HMAC is too long.");
    memcpy(padded, key, key_length);
    for (int index = 0; index < BLOCK; index++) {
        inner[index] = padded[index] ^ 0x36;
        outer[index] = padded[index] ^ 0x5C;
    }
    memcpy(inner + BLOCK, bytes, length);
    sha1(inner, BLOCK + length, outer + BLOCK);
    sha1(outer, sizeof outer, result);
}
