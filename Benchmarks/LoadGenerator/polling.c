#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client.h"
#include "process.h"

// Separates the packets of a payload.
enum { SEPARATOR = 0x1e };

static const char REQUEST[] =
    "%s /socket.io/?EIO=4&transport=polling%s%s HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Accept: */*\r\n";

static void append_request(struct client *client, struct stream *stream, const char *method) {
    char text[256];
    int length =
        snprintf(text, sizeof text, REQUEST, method, client->session[0] ? "&sid=" : "", client->session);
    buffer_append(&stream->output, text, (size_t)length);
}

static void get(struct client *client) {
    append_request(client, &client->streams[0], "GET");
    buffer_append(&client->streams[0].output, "\r\n", 2);
}

static void post_packets(struct client *client) {
    if (client->posting || client->packets.length == 0) return;
    client->posting = true;
    struct stream *stream = &client->streams[1];
    append_request(client, stream, "POST");
    char text[96];
    int length = snprintf(
        text, sizeof text, "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
        client->packets.length);
    buffer_append(&stream->output, text, (size_t)length);
    buffer_append(&stream->output, client->packets.bytes, client->packets.length);
    client->packets.length = 0;
}

// An answer to a request, whole.
struct answer {
    char *body;
    size_t length;
    // Header included.
    size_t total;
};

// Joins the chunks of a body in place (RFC 9112, section 7.1); returns false if some are not there yet.
static bool join_chunks(char *chunks, size_t available, struct answer *answer) {
    size_t total = 0, joined = 0;
    // First only looks whether all are there, since the same bytes are read again with the rest behind them.
    for (int moves = 0; moves < 2; moves++) {
        for (size_t position = 0;;) {
            char *line_end = memmem(chunks + position, available - position, "\r\n", 2);
            if (!line_end) return false;
            size_t size = strtoul(chunks + position, NULL, 16);
            size_t start = (size_t)(line_end + 2 - chunks);
            if (start + size + 2 > available) return false;
            if (moves) {
                memmove(chunks + joined, chunks + start, size);
                joined += size;
            }
            position = start + size + 2;
            if (size == 0) {
                total = position;
                break;
            }
        }
    }
    answer->body = chunks;
    answer->length = joined;
    answer->total += total;
    return true;
}

static const char *find_header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line && line + length < end;) {
        if (strncasecmp(line, name, length) == 0) return line + length;
        line = memmem(line, (size_t)(end - line), "\r\n", 2);
        if (line) line += 2;
    }
    return NULL;
}

static bool parse_answer(char *bytes, size_t available, struct answer *answer) {
    char *end = memmem(bytes, available, "\r\n\r\n", 4);
    if (!end) return false;
    if (!starts_with(bytes, available, "HTTP/1.1 200 ")) die("A request failed: %.*s", (int)available, bytes);
    size_t head = (size_t)(end + 4 - bytes);
    *answer = (struct answer){.body = bytes + head, .total = head};
    const char *size = find_header(bytes, end + 2, "content-length:");
    if (!size) {
        if (!find_header(bytes, end + 2, "transfer-encoding:")) die("An answer has no length.");
        return join_chunks(bytes + head, available - head, answer);
    }
    answer->length = strtoul(size, NULL, 10);
    answer->total += answer->length;
    return answer->total <= available;
}

static void receive_payload(struct group *group, struct client *client, const struct answer *answer) {
    if (!client->session[0]) {
        static const char key[] = "\"sid\":\"";
        const char *end = answer->body + answer->length;
        const char *found = memmem(answer->body, answer->length, key, sizeof key - 1);
        const char *sid = found ? found + sizeof key - 1 : end, *quote = memchr(sid, '"', (size_t)(end - sid));
        if (!quote) die("The handshake holds no session: %.*s", (int)answer->length, answer->body);
        snprintf(client->session, sizeof client->session, "%.*s", (int)(quote - sid), sid);
    }
    for (size_t position = 0; position < answer->length;) {
        char *packet = answer->body + position, *end = memchr(packet, SEPARATOR, answer->length - position);
        size_t length = end ? (size_t)(end - packet) : answer->length - position;
        if (!(length == 1 && packet[0] == '6')) client_receive(group, client, packet, length);
        position += length + 1;
    }
}

static size_t receive_answers(struct group *group, struct stream *stream, char *bytes, size_t length) {
    struct client *client = stream->client;
    size_t position = 0;
    for (struct answer answer; parse_answer(bytes + position, length - position, &answer); position += answer.total) {
        if (stream == &client->streams[0]) {
            receive_payload(group, client, &answer);
            get(client);
        } else {
            if (answer.length != 2 || strncasecmp(answer.body, "ok", 2) != 0)
                die("A POST got the answer %.*s", (int)answer.length, answer.body);
            client->posting = false;
        }
    }
    return position;
}

static void queue_packet(struct client *client, const char *packet, size_t length) {
    static const char separator = SEPARATOR;
    if (client->packets.length > 0) buffer_append(&client->packets, &separator, 1);
    buffer_append(&client->packets, packet, length);
}

const struct transport polling = {
    .streams = 2,
    .open = get,
    .receive = receive_answers,
    .send = queue_packet,
    .flush = post_packets,
};
