#include "spill_record.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

static const char kind[] = "claimbatch spill 1"; /* raised when the form of records changes */

/* ---- put ---- */

static void put_number(struct buffer *bytes, int64_t number)
{
    uint64_t low_first = htole64((uint64_t)number);

    buffer_append(bytes, &low_first, sizeof(low_first));
}

static void put_text(struct buffer *bytes, const char *text)
{
    size_t len = strlen(text);

    put_number(bytes, (int64_t)len);
    buffer_append(bytes, text, len + 1);
}

/* False where it cannot be hashed. */
static bool sum(const char *length, const char *body, size_t len,
                unsigned char ret_sum[DIGEST_SHA256_BYTES])
{
    struct digest *digest = digest_open();

    if (!digest)
        return false;
    digest_update(digest, length, sizeof(uint64_t));
    digest_update(digest, body, len);
    return digest_end(digest, ret_sum) == 0;
}

/* The frame's place is kept free until the record is there. */
static size_t begin(struct buffer *bytes)
{
    static const char frame[SPILL_FRAME_BYTES];

    buffer_append(bytes, frame, sizeof(frame));
    return bytes->len;
}

static void end(struct buffer *bytes, size_t begun)
{
    unsigned char digest[DIGEST_SHA256_BYTES];
    uint64_t len;
    char *frame;

    if (bytes->failed)
        return;
    len = htole64(bytes->len - begun);
    frame = bytes->ptr + begun - SPILL_FRAME_BYTES;
    memcpy(frame, &len, sizeof(len));
    if (sum(frame, bytes->ptr + begun, bytes->len - begun, digest))
        memcpy(frame + sizeof(len), digest, SPILL_SUM_BYTES);
    else
        bytes->failed = true;
}

void spill_record_put_head(struct buffer *bytes, const struct spill_owner *owner)
{
    size_t begun = begin(bytes);

    put_text(bytes, kind);
    put_text(bytes, owner->ledger);
    put_number(bytes, owner->worker);
    put_text(bytes, owner->boot);
    put_number(bytes, owner->pid);
    end(bytes, begun);
}

void spill_record_put(struct buffer *bytes, const struct spill_answer *answer)
{
    const struct server_attempt *a = &answer->attempt;
    const struct row_record *r = &answer->record;
    const int64_t numbers[] = {
        answer->run,     a->call,        a->claim,        a->has_fee,     a->fee_fen, answer->end,
        r->state,        r->outcome,     r->counts_as,    r->attempts,    r->tries,   r->round,
        (int64_t)r->row, r->http_status, r->submitted_ms, r->duration_ms,
    };
    size_t begun = begin(bytes);

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        put_number(bytes, numbers[i]);
    buffer_append(bytes, r->digest, sizeof(r->digest));
    put_text(bytes, r->code);
    put_text(bytes, r->sub_code);
    put_text(bytes, r->message);
    put_text(bytes, r->request_id);
    put_text(bytes, r->warnings);
    end(bytes, begun);
}

/* ---- taken ---- */

/* What is left of a record. */
struct rest {
    const char *at;
    size_t len;
    bool is_short; /* more was asked for than was there */
};

static const char *take_bytes(struct rest *rest, size_t len)
{
    const char *at = rest->at;

    if (rest->is_short || len > rest->len) {
        rest->is_short = true;
        return NULL;
    }
    rest->at += len;
    rest->len -= len;
    return at;
}

static int64_t take_number(struct rest *rest)
{
    const char *at = take_bytes(rest, sizeof(uint64_t));
    uint64_t low_first = 0;

    if (at)
        memcpy(&low_first, at, sizeof(low_first));
    return (int64_t)le64toh(low_first);
}

static const char *take_text(struct rest *rest)
{
    uint64_t len = (uint64_t)take_number(rest);
    const char *at = len < SIZE_MAX ? take_bytes(rest, (size_t)len + 1) : NULL;

    if (at && !at[len] && !memchr(at, '\0', (size_t)len))
        return at;
    rest->is_short = true;
    return "";
}

static bool take_frame(const struct buffer *bytes, size_t *from, struct rest *ret_rest)
{
    struct rest file = {bytes->ptr + *from, bytes->len - *from, false};
    const char *frame = take_bytes(&file, SPILL_FRAME_BYTES);
    unsigned char digest[DIGEST_SHA256_BYTES];
    uint64_t len;

    if (!frame)
        return false;
    memcpy(&len, frame, sizeof(len));
    len = le64toh(len);
    if (len > file.len || !sum(frame, file.at, (size_t)len, digest) ||
        memcmp(digest, frame + sizeof(len), SPILL_SUM_BYTES) != 0)
        return false;
    *ret_rest = (struct rest){file.at, (size_t)len, false};
    *from += SPILL_FRAME_BYTES + (size_t)len;
    return true;
}

bool spill_record_take_head(const struct buffer *bytes, size_t *from, struct spill_owner *ret_owner)
{
    struct spill_owner *owner = ret_owner;
    struct rest rest;

    *owner = (struct spill_owner){0};
    if (!take_frame(bytes, from, &rest) || strcmp(take_text(&rest), kind) != 0)
        return false;
    snprintf(owner->ledger, sizeof(owner->ledger), "%s", take_text(&rest));
    owner->worker = take_number(&rest);
    snprintf(owner->boot, sizeof(owner->boot), "%s", take_text(&rest));
    owner->pid = take_number(&rest);
    return !rest.is_short && !rest.len;
}

static bool is_known(const struct spill_answer *answer)
{
    const struct row_record *r = &answer->record;

    return answer->end >= SERVER_END_OVER && answer->end <= SERVER_END_PUT_OFF &&
           r->state <= ROW_NOTED && r->outcome < OUTCOME_COUNT && r->counts_as < OUTCOME_COUNT;
}

bool spill_record_take(const struct buffer *bytes, size_t *from, struct spill_answer *ret_answer)
{
    struct server_attempt *a = &ret_answer->attempt;
    struct row_record *r = &ret_answer->record;
    const char *digest;
    struct rest rest;

    if (!take_frame(bytes, from, &rest))
        return false;
    ret_answer->run = take_number(&rest);
    a->call = take_number(&rest);
    a->claim = take_number(&rest);
    a->has_fee = take_number(&rest) != 0;
    a->fee_fen = take_number(&rest);
    ret_answer->end = (enum server_end)take_number(&rest);
    r->state = (enum row_state)take_number(&rest);
    r->outcome = (enum outcome)take_number(&rest);
    r->counts_as = (enum outcome)take_number(&rest);
    r->attempts = (int)take_number(&rest);
    r->tries = (int)take_number(&rest);
    r->round = take_number(&rest);
    r->row = (uint64_t)take_number(&rest);
    r->http_status = (int)take_number(&rest);
    r->submitted_ms = take_number(&rest);
    r->duration_ms = take_number(&rest);
    digest = take_bytes(&rest, sizeof(r->digest));
    if (digest)
        memcpy(r->digest, digest, sizeof(r->digest));
    r->code = take_text(&rest);
    r->sub_code = take_text(&rest);
    r->message = take_text(&rest);
    r->request_id = take_text(&rest);
    r->warnings = take_text(&rest);
    return !rest.is_short && !rest.len && is_known(ret_answer);
}
