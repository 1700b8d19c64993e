#include "journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"

struct journal {
    int fd;
    char *path;
    pthread_mutex_t lock;
    /* all below: under lock */
    uint64_t sequence;
    bool failed;
    struct buffer line;
};

int journal_open(const char *path, struct journal **ret_journal, struct error *err)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        return error_no_memory(err);
    pthread_mutex_init(&journal->lock, NULL);
    journal->fd = -1;
    journal->path = strdup(path);
    if (!journal->path)
        error_no_memory(err);
    else
        journal->fd = file_open_append(path, err);
    if (journal->fd < 0) {
        journal_close(journal);
        error_add(err, "the journal is appended to a file of your own, by its own name");
        return -1;
    }
    *ret_journal = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    pthread_mutex_destroy(&journal->lock);
    buffer_release(&journal->line);
    free(journal->path);
    free(journal);
}

static void append_line(void *context, const char *text, size_t len)
{
    buffer_append(context, text, len);
}

static void put_key(yajl_gen gen, const char *key)
{
    yajl_gen_string(gen, (const unsigned char *)key, strlen(key));
}

static void put_bytes(yajl_gen gen, const char *bytes, size_t len)
{
    char *ascii;

    if (yajl_gen_string(gen, (const unsigned char *)bytes, len) != yajl_gen_invalid_string)
        return;
    /* Not UTF-8: a line of the journal has to be. */
    ascii = malloc(len);
    for (size_t i = 0; ascii && i < len; i++)
        ascii[i] = (unsigned char)bytes[i] < 0x80 ? bytes[i] : '?';
    yajl_gen_string(gen, (const unsigned char *)ascii, ascii ? len : 0);
    free(ascii);
}

static void put_text(yajl_gen gen, const char *key, const char *text)
{
    put_key(gen, key);
    if (text)
        put_bytes(gen, text, strlen(text));
    else
        yajl_gen_null(gen);
}

static void put_number(yajl_gen gen, const char *key, int64_t number)
{
    put_key(gen, key);
    yajl_gen_integer(gen, number);
}

static void put_bool(yajl_gen gen, const char *key, bool value)
{
    put_key(gen, key);
    yajl_gen_bool(gen, value);
}

/* The object as it came. Line breaks can only stand between its tokens, where they become blanks.
 */
static void put_claim(yajl_gen gen, const char *claim)
{
    char *line = claim ? strdup(claim) : NULL;

    put_key(gen, "claim");
    if (line) {
        for (char *p = line; (p = strpbrk(p, "\r\n")); p++)
            *p = ' ';
        yajl_gen_number(gen, line, strlen(line));
    } else {
        yajl_gen_null(gen);
    }
    free(line);
}

static void put_answer(yajl_gen gen, const struct journal_entry *entry)
{
    size_t len =
        entry->answer_len < JOURNAL_ANSWER_BYTES ? entry->answer_len : JOURNAL_ANSWER_BYTES;

    put_key(gen, "http_status");
    if (entry->http_status)
        yajl_gen_integer(gen, entry->http_status);
    else
        yajl_gen_null(gen);
    put_key(gen, "answer");
    if (entry->answer)
        put_bytes(gen, entry->answer, len);
    else
        yajl_gen_null(gen);
    put_text(gen, "request_id", entry->request_id);
}

static void put_call(yajl_gen gen, const struct journal_entry *entry)
{
    char at[CLOCK_RFC3339_BYTES];

    clock_format_rfc3339(entry->wall_ms, at);
    put_text(gen, "at", at);
    put_number(gen, "at_ms", entry->wall_ms);
    put_number(gen, "connection", (int64_t)entry->connection);
    put_bool(gen, "reused", entry->reused);
    put_text(gen, "path", entry->path);
    if (entry->batch) {
        put_number(gen, "batch", (int64_t)entry->batch);
        put_number(gen, "part", (int64_t)entry->part);
    }
    put_text(gen, "method", entry->method);
    put_text(gen, "app_key", entry->app_key);
    put_text(gen, "sign_method", entry->sign_method);
    put_text(gen, "timestamp", entry->timestamp);
}

static void put_claim_call(yajl_gen gen, const struct journal_entry *entry)
{
    put_key(gen, "workcard_id");
    if (entry->has_workcard_id)
        yajl_gen_integer(gen, entry->workcard_id);
    else
        yajl_gen_null(gen);
    put_text(gen, "claim_order_no", entry->claim_order_no);
    put_claim(gen, entry->claim);
    put_bool(gen, "executed", entry->executed);
    put_bool(gen, "accepted", entry->accepted);
    put_text(gen, "fault", entry->fault);
    put_text(gen, "phase", entry->phase);
    put_answer(gen, entry);
}

/* Under lock. */
static void format_line(struct journal *journal, const struct journal_entry *entry)
{
    yajl_gen gen = yajl_gen_alloc(NULL);

    buffer_reset(&journal->line);
    if (!gen) {
        journal->line.failed = true;
        return;
    }
    yajl_gen_config(gen, yajl_gen_print_callback, append_line, &journal->line);
    yajl_gen_config(gen, yajl_gen_validate_utf8, 1);
    yajl_gen_map_open(gen);
    put_number(gen, "seq", (int64_t)++journal->sequence);
    put_call(gen, entry);
    put_claim_call(gen, entry);
    yajl_gen_map_close(gen);
    yajl_gen_free(gen);
    buffer_byte(&journal->line, '\n');
}

int journal_write(struct journal *journal, const struct journal_entry *entry, struct error *err)
{
    int result;

    pthread_mutex_lock(&journal->lock);
    format_line(journal, entry);
    if (journal->failed)
        result = error_set(err, EXIT_CANNOT_WRITE, "the journal could not be written before");
    else if (journal->line.failed)
        result = error_no_memory(err);
    else
        result = file_write(journal->fd, journal->path, journal->line.ptr, journal->line.len, err);
    journal->failed = result != 0;
    pthread_mutex_unlock(&journal->lock);
    return result;
}
