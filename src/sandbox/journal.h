/*
 * journal: what came, whether it executed, what was answered.
 *
 * JSON lines, one a claim call, appended with one write each before any byte of the answer leaves:
 * a client never knows more than the journal. Hides yajl. Any thread.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_JOURNAL_H
#define CLAIMBATCH_SANDBOX_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct journal;

/* An answer is noted up to here; a longer one is cut. */
#define JOURNAL_ANSWER_BYTES ((size_t)64 << 10)

/* One line. Borrowed strings, NULL where nothing is known. */
struct journal_entry {
    int64_t wall_ms;
    uint64_t connection; /* counts accepted connections from 1 */
    bool reused;         /* the connection had carried a request before */
    const char *path;
    uint64_t batch; /* number of the batch call, 0 of a single one */
    size_t part;    /* counts from 1 */
    const char *method;
    const char *app_key;
    const char *sign_method;
    const char *timestamp;
    bool has_workcard_id;
    int64_t workcard_id;
    const char *claim_order_no;
    const char *claim; /* a whole JSON object */
    bool executed;
    bool accepted;     /* is_success true was decided */
    const char *fault; /* its name */
    const char *phase; /* its phase */
    int http_status;   /* 0: no answer */
    const char *answer;
    size_t answer_len;
    const char *request_id;
};

/* Opens the file for appending, made owner-only if missing. EXIT_CANNOT_CREATE. */
int journal_open(const char *path, struct journal **ret_journal, struct error *err);

/* EXIT_CANNOT_WRITE, now and at every later call. */
int journal_write(struct journal *journal, const struct journal_entry *entry, struct error *err);

/* Closes the file; NULL is fine. */
void journal_close(struct journal *journal);

#endif
