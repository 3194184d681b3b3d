#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "process.h"

enum {
    // Requests that wait for an answer at a time.
    CONCURRENT = 32,
    TRIES = 8,
};

// When a request is sent again, in seconds.
#define RETRANSMISSION 0.5

struct transaction {
    struct allocation *allocation;
    struct stun_message request;
    // A socket's own credential: the nonce may be bound to its address.
    char nonce[LONGEST_NONCE];
    size_t nonce_length;
    double deadline;
    int tries, refusals;
};

struct control {
    struct group *group;
    uint16_t method;
    struct transaction transactions[CONCURRENT];
    int next, last, done;
};

// A key of the user for the server's realm (RFC 8489, section 9.2.2).
static void make_key(struct group *group) {
    char text[512];
    int length = snprintf(
        text, sizeof text, "%s:%.*s:%s", group->options->user, (int)group->realm_length, group->realm,
        group->options->password);
    if (length < 0 || (size_t)length >= sizeof text) die("User and password are too long.");
    md5(text, (size_t)length, group->key);
}

static void sign(const struct group *group, struct stun_message *message) {
    unsigned char digest[SHA1_SIZE] = {0};
    size_t length = message->length;
    // The length counts the attribute that is not there yet.
    stun_append(message, MESSAGE_INTEGRITY, digest, sizeof digest);
    hmac_sha1(group->key, sizeof group->key, message->bytes, length, message->bytes + length + 4);
}

static void check_signature(const struct group *group, const unsigned char *bytes, size_t length) {
    unsigned char copy[1024], digest[SHA1_SIZE];
    struct stun_attribute found = stun_find(bytes, length, MESSAGE_INTEGRITY);
    if (!found.bytes || found.length != SHA1_SIZE || length > sizeof copy) die("An answer is not signed.");
    size_t before = (size_t)(found.bytes - bytes) - 4;
    memcpy(copy, bytes, before);
    put_16(copy + 2, (uint16_t)(before + 4 + SHA1_SIZE - STUN_HEADER));
    hmac_sha1(group->key, sizeof group->key, copy, before, digest);
    if (memcmp(digest, found.bytes, sizeof digest) != 0) die("The signature of an answer is wrong.");
}

static void append_body(const struct control *control, struct transaction *transaction) {
    struct stun_message *request = &transaction->request;
    const struct allocation *allocation = transaction->allocation;
    if (control->method == ALLOCATE) {
        stun_append(request, REQUESTED_TRANSPORT, (unsigned char[]){17, 0, 0, 0}, 4);
        return;
    }
    if (control->method == CHANNEL_BIND) {
        unsigned char number[4] = {allocation->header[0], allocation->header[1], 0, 0};
        stun_append(request, CHANNEL_NUMBER, number, sizeof number);
    }
    stun_append_address(request, XOR_PEER_ADDRESS, &allocation->peer);
}

static void transmit(struct transaction *transaction) {
    transaction->deadline = now_seconds() + RETRANSMISSION;
    if (transaction->tries++ == TRIES) die("The server does not answer.");
    ssize_t sent =
        send(transaction->allocation->socket, transaction->request.bytes, transaction->request.length, 0);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) die("A request can't be sent: %s", strerror(errno));
}

static void begin(struct control *control, struct transaction *transaction) {
    struct group *group = control->group;
    unsigned char id[STUN_ID] = {0};
    uint64_t number = ++group->next_number;
    memcpy(id, &number, sizeof number);
    stun_begin(&transaction->request, control->method, id);
    append_body(control, transaction);
    if (transaction->nonce_length > 0) {
        stun_append(&transaction->request, USERNAME, group->options->user, strlen(group->options->user));
        stun_append(&transaction->request, REALM, group->realm, group->realm_length);
        stun_append(&transaction->request, NONCE, transaction->nonce, transaction->nonce_length);
        sign(group, &transaction->request);
    }
    transaction->tries = 0;
    transmit(transaction);
}

static void start_next(struct control *control, struct transaction *transaction) {
    transaction->allocation = NULL;
    if (control->next == control->last) return;
    transaction->allocation = &control->group->allocations[control->next++];
    transaction->refusals = 0;
    transaction->nonce_length = 0;
    // The answer to Allocate said whether a credential is wanted.
    if (control->method != ALLOCATE) {
        memcpy(transaction->nonce, transaction->allocation->nonce, sizeof transaction->nonce);
        transaction->nonce_length = transaction->allocation->nonce_length;
    }
    begin(control, transaction);
}

static void receive_error(
    struct control *control, struct transaction *transaction, const unsigned char *bytes, size_t length) {
    struct group *group = control->group;
    struct stun_attribute error = stun_find(bytes, length, ERROR_CODE);
    int code = error.bytes && error.length >= 4 ? error.bytes[2] * 100 + error.bytes[3] : 0;
    if ((code != 401 && code != 438) || transaction->refusals++ == 2) die("The server refused a request: %d", code);
    struct stun_attribute realm = stun_find(bytes, length, REALM), nonce = stun_find(bytes, length, NONCE);
    if (!realm.bytes || realm.length > sizeof group->realm || !nonce.bytes || nonce.length == 0 ||
        nonce.length > sizeof transaction->nonce)
        die("The server asks for a credential without REALM or NONCE.");
    if (realm.length != group->realm_length || memcmp(realm.bytes, group->realm, realm.length) != 0) {
        memcpy(group->realm, realm.bytes, realm.length);
        group->realm_length = realm.length;
        make_key(group);
    }
    memcpy(transaction->nonce, nonce.bytes, nonce.length);
    transaction->nonce_length = nonce.length;
    begin(control, transaction);
}

static void receive_success(
    struct control *control, struct transaction *transaction, const unsigned char *bytes, size_t length) {
    struct allocation *allocation = transaction->allocation;
    if (transaction->nonce_length > 0) check_signature(control->group, bytes, length);
    if (control->method == ALLOCATE && !stun_find_address(bytes, length, XOR_RELAYED_ADDRESS, &allocation->relayed))
        die("There is no relayed address in the answer.");
    memcpy(allocation->nonce, transaction->nonce, sizeof allocation->nonce);
    allocation->nonce_length = transaction->nonce_length;
    control->done++;
    start_next(control, transaction);
}

static void receive(struct group *group, struct allocation *allocation) {
    struct control *control = group->work;
    unsigned char bytes[LONGEST_DATAGRAM];
    ssize_t count = recv(allocation->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) die("An answer can't be received: %s", strerror(errno));
    if (count < 0 || !stun_is_valid(bytes, (size_t)count)) return;
    for (int index = 0; index < CONCURRENT; index++) {
        struct transaction *transaction = &control->transactions[index];
        if (transaction->allocation != allocation) continue;
        // The answer to a request that was sent twice may come twice.
        if (memcmp(bytes + 4, transaction->request.bytes + 4, 16) != 0) return;
        uint16_t type = get_16(bytes);
        if (type == (control->method | STUN_SUCCESS)) {
            receive_success(control, transaction, bytes, (size_t)count);
        } else if (type == (control->method | STUN_ERROR)) {
            receive_error(control, transaction, bytes, (size_t)count);
        } else {
            die("The server answered by a message of type %04x.", type);
        }
        return;
    }
}

static void run(struct group *group, uint16_t method, int first, int count) {
    static struct control control;
    control = (struct control){.group = group, .method = method, .next = first, .last = first + count};
    void *work = group->work;
    group->work = &control;
    group->on_readable = receive;
    for (int index = 0; index < CONCURRENT; index++) start_next(&control, &control.transactions[index]);
    while (control.done < count) {
        group_turn(group, 0.05);
        double now = now_seconds();
        for (int index = 0; index < CONCURRENT; index++) {
            struct transaction *transaction = &control.transactions[index];
            if (transaction->allocation && transaction->deadline < now) transmit(transaction);
        }
    }
    group->work = work;
    group->on_readable = NULL;
}

void control_allocate(struct group *group, int first, int count) { run(group, ALLOCATE, first, count); }

// What precedes the data is the same for each datagram of an allocation.
static void write_header(const struct options *options, struct allocation *allocation) {
    if (options->uses_indications) {
        struct stun_message message;
        stun_begin(&message, SEND_INDICATION, (unsigned char[STUN_ID]){0});
        stun_append_address(&message, XOR_PEER_ADDRESS, &allocation->peer);
        put_16(message.bytes + message.length, DATA);
        put_16(message.bytes + message.length + 2, (uint16_t)options->size);
        allocation->header_length = message.length + 4;
        put_16(message.bytes + 2, (uint16_t)(allocation->header_length - STUN_HEADER + (size_t)options->size));
        memcpy(allocation->header, message.bytes, allocation->header_length);
    } else {
        put_16(allocation->header, (uint16_t)(FIRST_CHANNEL + allocation->index % (LAST_CHANNEL - FIRST_CHANNEL + 1)));
        put_16(allocation->header + 2, (uint16_t)options->size);
        allocation->header_length = CHANNEL_HEADER;
    }
}

void control_permit(struct group *group, int first, int count) {
    const struct options *options = group->options;
    for (int index = first; index < first + count; index++) {
        struct allocation *allocation = &group->allocations[index];
        if (options->is_between_clients) allocation->peer = allocation->partner->relayed;
        write_header(options, allocation);
    }
    run(group, options->uses_indications ? CREATE_PERMISSION : CHANNEL_BIND, first, count);
}
