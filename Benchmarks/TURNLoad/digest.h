// MD5, SHA-1 and HMAC-SHA1 of short texts: what the long-term credential mechanism asks for (RFC 8489, section 9.2).
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

enum { MD5_SIZE = 16, SHA1_SIZE = 20 };

// RFC 1321.
void md5(const void *bytes, size_t length, unsigned char digest[MD5_SIZE]);
// RFC 3174.
void sha1(const void *bytes, size_t length, unsigned char digest[SHA1_SIZE]);
// RFC 2104, for keys of at most 64 bytes and texts of at most 1024.
void hmac_sha1(
    const void *key, size_t key_length, const void *bytes, size_t length, unsigned char digest[SHA1_SIZE]);

#endif
