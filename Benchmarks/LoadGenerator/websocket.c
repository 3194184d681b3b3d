#include <string.h>

#include "client.h"
#include "frame.h"
#include "process.h"

static const char REQUEST[] =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: bGlua3VwLWJlbmNobWFyaw==\r\n"
    "\r\n";

// What RFC 6455, section 4.2.2, makes of the key above.
static const char ACCEPT[] = "GtFaz2Z1qbjPg0ElI6+sZChk+VY=";

static void open_websocket(struct client *client) {
    buffer_append(&client->streams[0].output, REQUEST, sizeof REQUEST - 1);
}

static size_t receive_answer(const char *bytes, size_t length) {
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t size = (size_t)(end + 4 - bytes);
    if (!starts_with(bytes, length, "HTTP/1.1 101 ") || !memmem(bytes, size, ACCEPT, sizeof ACCEPT - 1))
        die("The server refused a connection: %.*s", (int)size, bytes);
    return size;
}

static size_t receive_frames(struct group *group, struct stream *stream, char *bytes, size_t length) {
    size_t position = 0;
    if (stream->client->state == CLIENT_OPENING && bytes[0] == 'H') {
        position = receive_answer(bytes, length);
        if (position == 0) return 0;
    }
    for (struct frame frame; frame_parse(bytes + position, length - position, &frame); position += frame.total)
        client_receive(group, stream->client, frame.text, frame.length);
    return position;
}

static void send_frame(struct client *client, const char *packet, size_t length) {
    unsigned char header[LONGEST_FRAME_HEADER];
    buffer_append(&client->streams[0].output, header, frame_header(header, length, true));
    buffer_append(&client->streams[0].output, packet, length);
}

// Frames go straight to the stream.
static void flush_nothing(struct client *client) { (void)client; }

const struct transport websocket = {
    .streams = 1,
    .open = open_websocket,
    .receive = receive_frames,
    .send = send_frame,
    .flush = flush_nothing,
};
