#include "window.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/error.h"

/* The open rows of one claim: a chain by same_claim_next, of which the table knows the last. */
struct claim_entry {
    UT_hash_handle hh;
    struct job *tail;
    struct buffer key; /* workcard_id and claim_order_no, as bytes */
};

struct list {
    struct job *head, *tail;
    size_t count;
};

struct window {
    struct job *jobs;
    struct claim_entry *entries;
    struct claim_entry **spare_entries; /* a stack */
    size_t size, spare_entry_count;
    size_t touched; /* the first ones of jobs and entries: the others were never used */
    struct claim_entry *table;
    struct list states[JOB_GRANTED + 1]; /* those that are due, in order of arrival */
    struct list later;                   /* JUDGE and READY with a time to come, in no order */
    int64_t later_first_ms;              /* no job of `later` is due before */
    struct job *oldest, *newest;
};

static void list_add(struct list *list, struct job *job)
{
    job->list_prev = list->tail;
    job->list_next = NULL;
    if (list->tail)
        list->tail->list_next = job;
    else
        list->head = job;
    list->tail = job;
    list->count++;
}

static void list_drop(struct list *list, struct job *job)
{
    if (job->list_prev)
        job->list_prev->list_next = job->list_next;
    else
        list->head = job->list_next;
    if (job->list_next)
        job->list_next->list_prev = job->list_prev;
    else
        list->tail = job->list_prev;
    list->count--;
}

int window_open(size_t jobs, struct window **ret_window, struct error *err)
{
    struct window *window = calloc(1, sizeof(*window));

    *ret_window = NULL;
    if (!window)
        return error_no_memory(err);
    window->jobs = calloc(jobs, sizeof(*window->jobs));
    window->entries = calloc(jobs, sizeof(*window->entries));
    window->spare_entries = calloc(jobs, sizeof(*window->spare_entries));
    if (!window->jobs || !window->entries || !window->spare_entries) {
        window_close(window);
        return error_no_memory(err);
    }
    window->size = jobs;
    window->later_first_ms = INT64_MAX;
    *ret_window = window;
    return 0;
}

void window_close(struct window *window)
{
    if (!window)
        return;
    HASH_CLEAR(hh, window->table);
    for (size_t i = 0; i < window->touched; i++) {
        claim_store_release(&window->jobs[i].store);
        buffer_release(&window->jobs[i].codes);
        buffer_release(&window->jobs[i].earlier);
        ledger_row_forget(&window->jobs[i].link);
        buffer_release(&window->jobs[i].exchange.body);
        buffer_release(&window->jobs[i].exchange.url);
        buffer_release(&window->jobs[i].exchange.answer);
        buffer_release(&window->entries[i].key);
    }
    free(window->jobs);
    free(window->entries);
    free(window->spare_entries);
    free(window);
}

/* Memory that no row has needed yet, with what its claim takes. */
static void touch(struct window *window)
{
    size_t i = window->touched++;

    list_add(&window->states[JOB_FREE], &window->jobs[i]);
    window->spare_entries[window->spare_entry_count++] = &window->entries[i];
}

struct job *window_spare(struct window *window)
{
    if (!window->states[JOB_FREE].count && window->touched < window->size)
        touch(window);
    return window->states[JOB_FREE].tail; /* the one used last: its memory is warm */
}

/* Whether the job stands in `later` and not in the list of its state. */
static bool is_later(const struct job *job)
{
    return (job->state == JOB_JUDGE || job->state == JOB_READY) && job->due_ms != INT64_MIN;
}

static void take_off(struct window *window, struct job *job)
{
    list_drop(is_later(job) ? &window->later : &window->states[job->state], job);
}

static void put_on(struct window *window, struct job *job, enum job_state state, int64_t due_ms)
{
    job->state = state;
    job->due_ms = due_ms;
    if (!is_later(job)) {
        list_add(&window->states[state], job);
        return;
    }
    list_add(&window->later, job);
    if (due_ms < window->later_first_ms)
        window->later_first_ms = due_ms;
}

static struct claim_entry *find_entry(struct window *window, const struct buffer *key)
{
    struct claim_entry *entry = NULL;

    HASH_FIND(hh, window->table, key->ptr, key->len, entry);
    return entry;
}

static int add_entry(struct window *window, struct claim_entry *entry, struct error *err)
{
    HASH_ADD_KEYPTR(hh, window->table, entry->key.ptr, entry->key.len, entry);
    return entry->hh.tbl ? 0 : error_no_memory(err);
}

int window_enter(struct window *window, struct job *job, struct error *err)
{
    struct claim_entry *spare = window->spare_entries[window->spare_entry_count - 1];
    struct claim_entry *entry;

    buffer_reset(&spare->key);
    buffer_append(&spare->key, &job->claim.workcard_id, sizeof(job->claim.workcard_id));
    buffer_text(&spare->key, job->claim.claim_order_no);
    if (spare->key.failed)
        return error_no_memory(err);
    entry = find_entry(window, &spare->key);
    if (!entry && add_entry(window, spare, err))
        return -1;
    take_off(window, job);
    job->same_claim_next = NULL;
    if (entry) {
        entry->tail->same_claim_next = job;
        put_on(window, job, JOB_BLOCKED, INT64_MIN);
    } else {
        entry = spare;
        window->spare_entry_count--;
        put_on(window, job, JOB_JUDGE, INT64_MIN);
    }
    entry->tail = job;
    job->entry = entry;
    job->older = window->newest;
    job->newer = NULL;
    if (window->newest)
        window->newest->newer = job;
    else
        window->oldest = job;
    window->newest = job;
    return 0;
}

void window_move(struct window *window, struct job *job, enum job_state state, int64_t due_ms)
{
    take_off(window, job);
    put_on(window, job, state, due_ms);
}

void window_leave(struct window *window, struct job *job)
{
    struct claim_entry *entry = job->entry;

    if (job->same_claim_next) {
        window_move(window, job->same_claim_next, JOB_JUDGE, INT64_MIN);
    } else {
        HASH_DELETE(hh, window->table, entry);
        window->spare_entries[window->spare_entry_count++] = entry;
    }
    if (job->older)
        job->older->newer = job->newer;
    else
        window->oldest = job->newer;
    if (job->newer)
        job->newer->older = job->older;
    else
        window->newest = job->older;
    window_move(window, job, JOB_FREE, INT64_MIN);
}

/* Moves what has become due to the lists of its state. */
static void wake_due(struct window *window, int64_t now_ms)
{
    int64_t first = INT64_MAX;

    if (now_ms < window->later_first_ms)
        return;
    for (struct job *job = window->later.head, *next; job; job = next) {
        next = job->list_next;
        if (job->due_ms <= now_ms)
            window_move(window, job, job->state, INT64_MIN);
        else if (job->due_ms < first)
            first = job->due_ms;
    }
    window->later_first_ms = first;
}

void window_rejudge(struct window *window, enum job_state state)
{
    struct job *job;

    while ((job = window->states[state].head))
        window_move(window, job, JOB_JUDGE, INT64_MIN);
}

struct job *window_due(struct window *window, enum job_state state, int64_t now_ms)
{
    wake_due(window, now_ms);
    return window->states[state].head;
}

int64_t window_next_due(const struct window *window, int64_t now_ms)
{
    if (window->states[JOB_JUDGE].head || window->states[JOB_ASKED].head ||
        window->states[JOB_READY].head)
        return now_ms;
    return window->later.head ? window->later_first_ms : INT64_MAX;
}

struct job *window_first(const struct window *window, enum job_state state)
{
    return window->states[state].head;
}

size_t window_count(const struct window *window, enum job_state state)
{
    return window->states[state].count;
}

size_t window_used(const struct window *window)
{
    return window->touched - window->states[JOB_FREE].count;
}

uint64_t window_frontier(const struct window *window, uint64_t next_row)
{
    return window->oldest ? window->oldest->row : next_row;
}

struct job *window_find(const struct window *window, uint64_t row)
{
    struct job *job = window->oldest;

    while (job && job->row != row)
        job = job->newer;
    return job;
}
