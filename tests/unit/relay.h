/*
 * A relay between the program and a PostgreSQL server, which cuts the connection at a message.
 *
 * It is a thread; one connection at a time goes through it. Messages are counted from relay_cut_at
 * on, for each direction.
 */
#ifndef CLAIMBATCH_TESTS_RELAY_H
#define CLAIMBATCH_TESTS_RELAY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RELAY_PORT ".s.PGSQL.5432"
#define RELAY_HEAD 5 /* of a message: its kind, and its length without that */

enum relay_direction { RELAY_TO_SERVER, RELAY_TO_CLIENT };
enum relay_part { RELAY_BEFORE, RELAY_WITHIN, RELAY_AFTER, RELAY_PARTS };

struct relay_stream {
    unsigned char head[RELAY_HEAD];
    size_t at, bytes; /* of the message under way; its length once the head is there */
    bool is_first;    /* a client's first message has no kind */
};

struct relay {
    char folder[64];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    char server[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int listener;
    pthread_t thread;
    atomic_bool is_over;
    atomic_int direction, message, part; /* of the cut; direction -1: none */
    atomic_int seen[2];                  /* messages that began */
    atomic_int cuts;
};

/* Counts from now on. No message is under way. */
static inline void relay_cut_at(struct relay *relay, enum relay_direction direction, int message,
                                enum relay_part part)
{
    relay->seen[0] = relay->seen[1] = 0;
    relay->message = message;
    relay->part = part;
    relay->direction = (int)direction;
}

static inline void relay_cut_nothing(struct relay *relay)
{
    relay->direction = -1;
}

/* Whether the connection is to be cut where this message has come to. */
static inline bool relay_is_cut(struct relay *relay, enum relay_direction direction,
                                const struct relay_stream *stream)
{
    static const size_t at[] = {[RELAY_BEFORE] = 0, [RELAY_WITHIN] = 3};
    int number = relay->seen[direction] - (stream->at > 0);

    if (relay->direction != (int)direction)
        return false;
    if (relay->part == RELAY_AFTER)
        return stream->at == 0 && number == relay->message + 1;
    return number == relay->message && stream->at == at[relay->part];
}

/* One more byte of the stream. */
static inline void relay_count(struct relay *relay, enum relay_direction direction,
                               struct relay_stream *stream, unsigned char byte)
{
    size_t head = stream->is_first ? RELAY_HEAD - 1 : RELAY_HEAD;

    if (stream->at == 0)
        relay->seen[direction]++;
    if (stream->at < head)
        stream->head[stream->at] = byte;
    stream->at++;
    if (stream->at == head) {
        const unsigned char *length = stream->head + head - 4;

        stream->bytes =
            (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
        stream->bytes += head - 4;
    }
    if (stream->at >= head && stream->at == stream->bytes) {
        stream->at = stream->bytes = 0;
        stream->is_first = false;
    }
}

static inline bool relay_write(int fd, const unsigned char *bytes, size_t len)
{
    while (len) {
        ssize_t written = send(fd, bytes, len, MSG_NOSIGNAL);

        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

/* False at the end of the connection, or where it is cut. */
static inline bool relay_pass(struct relay *relay, enum relay_direction direction,
                              struct relay_stream *stream, int from, int to)
{
    unsigned char bytes[4096];
    ssize_t len = read(from, bytes, sizeof(bytes));
    bool is_cut = len > 0 && relay_is_cut(relay, direction, stream);
    size_t passed = 0;

    while (!is_cut && len > 0 && passed < (size_t)len) {
        relay_count(relay, direction, stream, bytes[passed++]);
        is_cut = relay_is_cut(relay, direction, stream);
    }
    if (is_cut) { /* who has all that was passed can ask for it */
        relay_cut_nothing(relay);
        relay->cuts++;
    }
    return len > 0 && relay_write(to, bytes, passed) && !is_cut;
}

static inline void relay_connection(struct relay *relay, int client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct relay_stream streams[2] = {{.is_first = true}, {.is_first = false}};
    int backend = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool goes_on;

    memcpy(address.sun_path, relay->server, sizeof(address.sun_path));
    goes_on = connect(backend, (struct sockaddr *)&address, sizeof(address)) == 0;
    while (goes_on) {
        struct pollfd fds[] = {{client, POLLIN, 0}, {backend, POLLIN, 0}};

        poll(fds, 2, -1);
        if (fds[0].revents)
            goes_on = relay_pass(relay, RELAY_TO_SERVER, &streams[0], client, backend);
        if (goes_on && fds[1].revents)
            goes_on = relay_pass(relay, RELAY_TO_CLIENT, &streams[1], backend, client);
    }
    close(backend);
    close(client);
}

static inline void *relay_run(void *context)
{
    struct relay *relay = context;

    for (;;) {
        int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);

        if (relay->is_over || client < 0)
            return NULL;
        relay_connection(relay, client);
    }
}

/* Relays to the server of this URL; ret_url is by way of the relay. */
static inline void relay_start(struct relay *relay, const char *url, char *ret_url, size_t bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *host = strstr(url, "host=");

    *relay = (struct relay){.folder = "/tmp/cb-relay-XXXXXX"};
    relay->direction = -1;
    assert_non_null(host);
    assert_non_null(mkdtemp(relay->folder));
    snprintf(relay->path, sizeof(relay->path), "%s/" RELAY_PORT, relay->folder);
    snprintf(relay->server, sizeof(relay->server), "%s/" RELAY_PORT, host + strlen("host="));
    snprintf(ret_url, bytes, "%.*shost=%s", (int)(host - url), url, relay->folder);
    memcpy(address.sun_path, relay->path, sizeof(address.sun_path));
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(relay->listener, 8), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

/* No connection is open any more. */
static inline void relay_stop(struct relay *relay)
{
    relay->is_over = true;
    shutdown(relay->listener, SHUT_RDWR);
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    unlink(relay->path);
    rmdir(relay->folder);
}

#endif
