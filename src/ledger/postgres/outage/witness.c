#include "witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/hex.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/server_array.h"
#include "ledger/postgres/session.h"

/* A worker's line, which lies in one sector: its number, its calls, and the beginning of their
 * SHA-256. */
#define NUMBERS_FORMAT "%020" PRId64 " %020" PRId64 " "
#define NUMBERS_BYTES 42
#define SUM_BYTES 10
#define LINE_BYTES 64

struct line {
    int64_t worker, calls;
};

/* False where it cannot be hashed. */
static bool format_line(int64_t worker, int64_t calls, char ret_text[LINE_BYTES + 1])
{
    struct digest *digest = digest_open();
    unsigned char sha256[DIGEST_SHA256_BYTES];
    char sum[SUM_BYTES * 2 + 1];

    snprintf(ret_text, LINE_BYTES + 1, NUMBERS_FORMAT, worker, calls);
    if (!digest)
        return false;
    digest_update(digest, ret_text, NUMBERS_BYTES);
    if (digest_end(digest, sha256))
        return false;
    hex_format(sha256, SUM_BYTES, sum);
    snprintf(ret_text + NUMBERS_BYTES, LINE_BYTES + 1 - NUMBERS_BYTES, "%s \n", sum);
    return true;
}

/* False where there is none, or it was cut by a power cut. */
static bool read_line(const struct witness *witness, int number, struct line *ret_line)
{
    char text[LINE_BYTES + 1] = "", same[LINE_BYTES + 1];
    ssize_t len = pread(witness->fd, text, LINE_BYTES, (off_t)number * LINE_BYTES);

    if (len != LINE_BYTES || strspn(text, "0123456789") != 20)
        return false;
    ret_line->worker = strtoll(text, NULL, 10);
    ret_line->calls = strtoll(text + 21, NULL, 10);
    return format_line(ret_line->worker, ret_line->calls, same) && strcmp(text, same) == 0;
}

void witness_write(const struct witness *witness, int64_t worker, int64_t calls)
{
    int number = (int)(worker % WITNESS_WORKERS);
    char text[LINE_BYTES + 1];
    struct line known;

    if (read_line(witness, number, &known) &&
        (known.worker > worker || (known.worker == worker && known.calls >= calls)))
        return;
    if (!format_line(worker, calls, text) ||
        pwrite(witness->fd, text, LINE_BYTES, (off_t)number * LINE_BYTES) != LINE_BYTES)
        return;
}

int64_t witness_newest(const struct witness *witness)
{
    int64_t newest = 0;
    struct line line;

    for (int i = 0; i < WITNESS_WORKERS; i++)
        if (read_line(witness, i, &line) && line.worker > newest)
            newest = line.worker;
    return newest;
}

/* 1, 0 or -1, as witness_find_loss: the arrays are ended. Workers of an earlier server of this
 * ledger, which went to a file in between, are not known to this one. */
static int ask(struct session *session, const struct server_array *workers,
               const struct server_array *calls, const char *place, struct witness_loss *ret_loss,
               struct error *err)
{
    static const char behind[] =
        "SELECT x.worker, x.calls, coalesce(w.calls, -1) FROM unnest($1,$2) AS x(worker, calls)"
        " LEFT JOIN LATERAL (SELECT calls FROM worker WHERE id=x.worker AND place=$3::uuid"
        " OFFSET 0) w ON true WHERE coalesce(w.calls, -1)<x.calls"
        " AND x.worker>coalesce((SELECT value::bigint FROM meta WHERE name='workers'), 0) ORDER BY "
        "x.worker DESC LIMIT 1";
    const struct session_value values[] = {
        {SERVER_INT8S, .bytes = workers->bytes.ptr, .len = workers->bytes.len},
        {SERVER_INT8S, .bytes = calls->bytes.ptr, .len = calls->bytes.len},
        {SERVER_TEXT, .bytes = place},
    };

    if (session_ask(session, behind, 3, values, err))
        return -1;
    if (!session_rows(session))
        return 0;
    *ret_loss =
        (struct witness_loss){session_integer(session, 0, 0), session_integer(session, 0, 1),
                              session_integer(session, 0, 2)};
    return 1;
}

/* The file is read before the ledger: a run that goes on meanwhile makes the ledger no less. */
int witness_find_loss(const struct witness *witness, struct session *session, const char *place,
                      struct witness_loss *ret_loss, struct error *err)
{
    struct server_array workers = {.type = SERVER_INT8S}, calls = {.type = SERVER_INT8S};
    struct line line;
    int result;

    *ret_loss = (struct witness_loss){0};
    for (int i = 0; i < WITNESS_WORKERS; i++)
        if (read_line(witness, i, &line)) {
            server_array_number(&workers, line.worker);
            server_array_number(&calls, line.calls);
        }
    result = server_array_end(&workers) && server_array_end(&calls)
                 ? ask(session, &workers, &calls, place, ret_loss, err)
                 : error_no_memory(err);
    server_array_release(&workers);
    server_array_release(&calls);
    return result;
}

int witness_forget(const struct witness *witness, struct error *err)
{
    if (ftruncate(witness->fd, 0))
        return error_set(err, EXIT_CANNOT_WRITE,
                         "cannot write what this host knows of the ledger: %s", strerror(errno));
    return 0;
}

int witness_open(const char *path, struct witness *ret_witness, struct error *err)
{
    ret_witness->fd = host_lock_open_file(path, err);
    return ret_witness->fd < 0 ? -1 : 0;
}

void witness_close(struct witness *witness)
{
    if (witness->fd >= 0)
        close(witness->fd);
    witness->fd = -1;
}
