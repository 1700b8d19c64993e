/*
 * Fuzzes the way from the wire to the verdict: the real client and libcurl, over sockets whose
 * other end says what the fuzzer chose, on fresh and on kept connections.
 *
 * socket, connect, send and their like are this file's own: a request is read where libcurl sends
 * it, and the bytes that answer it are put into a pair of local sockets. So there is no second
 * thread, and an input always does the same. Beyond memory errors it looks for broken promises: no
 * request leaves twice, what was told as not sent never left, nothing is believed of an answer that
 * was there before its request, and every call ends once.
 *
 * An input is bytes, divided by 0xFF and an operation:
 *   'n'  the answer ends here, the rest is for later requests      'c'  … and the connection is
 * closed 'l'  the rest of the answer comes later                        's'  … and comes when
 * nobody asks The first byte has flags: 1 sends are partial, 2 two calls at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "gateway/http/client.h"
#include "gateway/top.h"
#include "gateway/verdict.h"

#define CALLS 8
#define SLOTS 2
#define FDS 256
#define FIRST_PORT 20000
#define IDLE_ROUNDS 8
#define MARK "claim="

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* One connection, by the client's descriptor. */
struct line {
    int peer; /* the other end; -1: none */
    int port;
    size_t head_left_zeroes; /* of the four bytes that end a head, how many have come */
    size_t body_left;        /* SIZE_MAX: the head is not whole */
    char head[4096];
    size_t head_len;
    bool is_late;  /* more of the answer comes with the next look */
    bool is_stray; /* more comes when the call has ended */
};

static struct line lines[FDS];
static const uint8_t *script, *script_end;
static bool is_partial;
static int next_port;
static int requests[CALLS];

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the other end ---- */

static void put(struct line *line, const uint8_t *bytes, size_t len)
{
    if (len && line->peer >= 0)
        (void)!sendto(line->peer, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

static void hang_up(struct line *line)
{
    if (line->peer >= 0)
        shutdown(line->peer, SHUT_WR);
}

/* Says what the script has up to its next operation. */
static void say(struct line *line)
{
    const uint8_t *from = script, *to = memchr(script, 0xff, (size_t)(script_end - script));
    uint8_t operation = to && to + 1 < script_end ? to[1] : 'c';

    line->is_late = line->is_stray = false;
    to = to ? to : script_end;
    script = to + 2 < script_end ? to + 2 : script_end;
    put(line, from, (size_t)(to - from));
    if (operation == 'l')
        line->is_late = true;
    else if (operation == 's')
        line->is_stray = true;
    else if (operation != 'n')
        hang_up(line);
}

/* Whether there was anything. */
static bool say_more(bool call_ended)
{
    bool any = false;

    for (int fd = 0; fd < FDS; fd++) {
        if (lines[fd].peer >= 0 && (lines[fd].is_late || (call_ended && lines[fd].is_stray))) {
            say(&lines[fd]);
            any = true;
        }
    }
    return any;
}

static void hang_up_all(void)
{
    for (int fd = 0; fd < FDS; fd++)
        hang_up(&lines[fd]);
}

/* A request is whole: its call is counted, and answered. */
static void take_request(int fd, struct line *line, const char *body)
{
    const char *mark = memmem(body, 64, MARK, strlen(MARK));
    int call = mark ? mark[strlen(MARK)] - '0' : -1;
    int unread = -1;

    require(call >= 0 && call < CALLS);
    require(++requests[call] == 1);
    require(ioctl(fd, FIONREAD, &unread) == 0 && unread == 0);
    line->body_left = SIZE_MAX;
    line->head_len = 0;
    say(line);
}

static void take_bytes(int fd, struct line *line, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        require(line->head_len < sizeof(line->head) - 1);
        line->head[line->head_len++] = bytes[i];
        line->head[line->head_len] = '\0';
        if (line->body_left == SIZE_MAX) {
            const char *length;

            if (line->head_len < 4 || memcmp(line->head + line->head_len - 4, "\r\n\r\n", 4) != 0)
                continue;
            length = strstr(line->head, "Content-Length: ");
            require(length);
            line->body_left = strtoul(length + strlen("Content-Length: "), NULL, 10);
        } else {
            line->body_left--;
        }
        if (line->body_left == 0) {
            require(i + 1 == len);
            take_request(fd, line, strstr(line->head, "\r\n\r\n") + 4);
        }
    }
}

/* ---- what libcurl and the client call ---- */

/* Some have the parameter types of glibc's headers, which are unions. */

static void drop(int fd)
{
    if (lines[fd].peer >= 0)
        close(lines[fd].peer);
    lines[fd].peer = -1;
}

int socket(int domain, int type, int protocol)
{
    int pair[2];

    (void)domain, (void)protocol;
    if ((type & 0xf) != SOCK_STREAM || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    /* A descriptor that comes again was closed by the client. */
    require(pair[0] < FDS && pair[1] < FDS);
    drop(pair[0]);
    drop(pair[1]);
    memset(&lines[pair[0]], 0, sizeof(lines[0]));
    lines[pair[0]].peer = pair[1];
    lines[pair[0]].port = next_port++;
    lines[pair[0]].body_left = SIZE_MAX;
    return pair[0];
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    (void)fd, (void)address, (void)len;
    return 0;
}

static int name(struct sockaddr *address, socklen_t *len, int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    name.sin_port = htons((uint16_t)port);
    memcpy(address, &name, *len < sizeof(name) ? *len : sizeof(name));
    *len = sizeof(name);
    return 0;
}

int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
    return name(address.__sockaddr__, len, lines[fd].port);
}

int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
    (void)fd;
    return name(address.__sockaddr__, len, 80);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    struct line *line = fd >= 0 && fd < FDS ? &lines[fd] : NULL;

    if (!line || line->peer < 0)
        return sendto(fd, bytes, len, flags, NULL, 0);
    if (is_partial && len > 1)
        len = len / 2;
    take_bytes(fd, line, bytes, len);
    return (ssize_t)len;
}

/* ---- the calls ---- */

static bool is_believed(const struct verdict *verdict)
{
    return verdict->kind != VERDICT_UNKNOWN && verdict->kind != VERDICT_UNKNOWN_STOP;
}

static void check(const struct exchange *exchange, int call)
{
    static const struct verdict_settings settings = {.has_session = true};
    struct answer answer;
    struct verdict verdict;

    top_parse_answer(buffer_string(&exchange->answer), exchange->answer.len, &answer);
    verdict_judge(&settings, exchange, &answer, &verdict);
    require((exchange->phase != PHASE_NOT_SENT) == (exchange->handovers > 0));
    if (exchange->phase == PHASE_NOT_SENT)
        require(requests[call] == 0);
    else if (is_believed(&verdict))
        require(exchange->phase == PHASE_ANSWERED && requests[call] == 1 &&
                exchange->handovers == 1 && exchange->transport == TRANSPORT_OK);
    if (verdict.kind == VERDICT_ACCEPTED)
        require(exchange->http_status == 200 && answer.success);
    require(exchange->answer.len <= EXCHANGE_ANSWER_BYTES);
    require(strnlen(exchange->detail, sizeof(exchange->detail)) < sizeof(exchange->detail));
}

static int collect(struct client *client, struct exchange *exchanges)
{
    int ended = 0;

    for (struct exchange *done = client_collect(client, 0); done; done = done->next, ended++)
        check(done, (int)(done - exchanges));
    return ended;
}

static void send_call(struct client *client, struct exchange *exchange, int call)
{
    buffer_reset(&exchange->body);
    buffer_format(&exchange->body, MARK "%d", call);
    client_send(client, exchange);
}

static void run(size_t at_once)
{
    static const struct client_settings settings = {.url = "http://127.0.0.1:80/router/rest",
                                                    .user_agent = "fuzz",
                                                    .connect_timeout_ms = 5000,
                                                    .timeout_ms = 5000};
    struct client *client = NULL;
    struct exchange exchanges[CALLS] = {0};
    struct error err;
    int sent = 0, ended = 0, idle = 0;

    require(client_open(&settings, SLOTS, &client, &err) == 0);
    while (ended < CALLS && (ended < sent || script < script_end)) {
        int more;

        while (sent < CALLS && (size_t)(sent - ended) < at_once && script < script_end) {
            send_call(client, &exchanges[sent], sent);
            sent++;
        }
        more = collect(client, exchanges);
        ended += more;
        idle = more || say_more(more > 0) ? 0 : idle + 1;
        if (idle > IDLE_ROUNDS)
            hang_up_all(); /* what waits for more waits in vain */
    }
    require(ended == sent);
    client_close(client);
    for (int i = 0; i < CALLS; i++) {
        buffer_release(&exchanges[i].body);
        buffer_release(&exchanges[i].answer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static bool is_ready;
    struct error err;

    if (!is_ready) {
        for (int fd = 0; fd < FDS; fd++)
            lines[fd].peer = -1;
        require(client_library_init(&err) == 0);
        is_ready = true;
    }
    if (len < 2)
        return 0;
    script = bytes + 1;
    script_end = bytes + len;
    is_partial = bytes[0] & 1;
    next_port = FIRST_PORT;
    memset(requests, 0, sizeof(requests));
    run(bytes[0] & 2 ? 2 : 1);
    for (int fd = 0; fd < FDS; fd++)
        drop(fd);
    return 0;
}
