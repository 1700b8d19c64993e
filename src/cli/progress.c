#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

#define LINE_BYTES 512
#define CLEAR_LINE "\r\033[K"

void progress_start(struct progress *progress, enum progress_mode mode, enum log_format format)
{
    bool terminal = isatty(STDERR_FILENO) == 1;

    *progress = (struct progress){
        .is_shown = mode != PROGRESS_NEVER,
        .is_drawn = terminal && format == LOG_TEXT,
        .started_ms = clock_mono_ms(),
    };
    progress->shown_ms = progress->started_ms;
}

/* Appends only what fits: a line that wraps could not be drawn over. */
static void append(char *line, size_t columns, const char *piece)
{
    if (terminal_columns(line) + terminal_columns(piece) < columns &&
        strlen(line) + strlen(piece) < LINE_BYTES)
        strcat(line, piece);
}

static const char *duration(int64_t seconds, char *ret_text, size_t size)
{
    if (seconds >= 3600)
        snprintf(ret_text, size, "%lldh%02lldm", (long long)seconds / 3600,
                 (long long)seconds / 60 % 60);
    else if (seconds >= 60)
        snprintf(ret_text, size, "%lldm%02llds", (long long)seconds / 60, (long long)seconds % 60);
    else
        snprintf(ret_text, size, "%llds", (long long)seconds);
    return ret_text;
}

static void append_pause(char *line, size_t columns, const struct coordinator_progress *now)
{
    static const struct {
        const char *what, *until; /* `until` goes before how long it still lasts */
    } words[] = {
        [PACE_OPEN] = {"", ""},
        [PACE_RATE] = {"", ""},
        [PACE_BAN] = {N_("banned"), N_(" for")},
        [PACE_RETRY_AFTER] = {N_("asked to wait"), N_(" for")},
        [PACE_OUTAGE] = {N_("gateway unreachable"), N_(", next try in")},
        [PACE_BRAKE] = {N_("no definite answers"), N_(", next try in")},
        [PACE_PROBE] = {N_("probing"), N_(", next try in")},
    };
    char piece[160];
    char wait[32];

    if (now->stopping)
        snprintf(piece, sizeof(piece), _(", stopping: %zu in flight"), now->in_flight);
    else if (!*words[now->pace].what)
        return;
    else if (now->pause_ms < 0)
        snprintf(piece, sizeof(piece), _(", %s"), _(words[now->pace].what));
    else
        snprintf(piece, sizeof(piece), _(", %s%s %s"), _(words[now->pace].what),
                 _(words[now->pace].until),
                 duration((now->pause_ms + 999) / 1000, wait, sizeof(wait)));
    append(line, columns, piece);
}

static void format(const struct progress *progress, const struct coordinator_progress *now,
                   int64_t now_ms, size_t columns, char line[LINE_BYTES])
{
    uint64_t done = now->done - progress->done_at_start;
    int64_t spent = now_ms - progress->started_ms;
    uint64_t rate = spent > 0 ? done * 1000 / (uint64_t)spent : 0;
    char piece[160];
    char left[32];

    line[0] = '\0';
    snprintf(piece, sizeof(piece), language_plural("%llu/%llu row", "%llu/%llu rows", now->rows),
             (unsigned long long)now->done, (unsigned long long)now->rows);
    append(line, columns, piece);
    append_pause(line, columns, now);
    snprintf(piece, sizeof(piece), _(", %llu/s"), (unsigned long long)rate);
    append(line, columns, piece);
    if (rate) {
        snprintf(piece, sizeof(piece), _(", %s left"),
                 duration((int64_t)((now->rows - now->done) / rate), left, sizeof(left)));
        append(line, columns, piece);
    }
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!now->outcomes[i])
            continue;
        snprintf(piece, sizeof(piece), _(", %llu %s"), (unsigned long long)now->outcomes[i],
                 outcome_word((enum outcome)i));
        append(line, columns, piece);
    }
}

static void say_line(const struct coordinator_progress *now, const char *line)
{
    struct buffer outcomes = {0};

    for (int i = 0; i < OUTCOME_COUNT; i++)
        buffer_format(&outcomes, "%s\"%s\":%llu", i ? "," : "{", outcome_name((enum outcome)i),
                      (unsigned long long)now->outcomes[i]);
    buffer_byte(&outcomes, '}');
    log_event(LOG_INFO, "progress",
              LOG_FIELDS(LOG_FIELD_NUMBER("rows", now->rows), LOG_FIELD_NUMBER("done", now->done),
                         LOG_FIELD_NUMBER("in_flight", now->in_flight),
                         LOG_FIELD_JSON("outcomes", buffer_string(&outcomes))),
              "%s", line);
    buffer_release(&outcomes);
}

void progress_show(void *context, const struct coordinator_progress *now)
{
    struct progress *progress = context;
    int64_t now_ms = clock_mono_ms();
    struct buffer room = {0};
    char line[LINE_BYTES];

    progress->last = *now;
    if (!progress->counting) {
        progress->counting = true;
        progress->done_at_start = now->done;
    }
    if (!progress->is_shown ||
        now_ms - progress->shown_ms <
            (progress->is_drawn ? PROGRESS_DRAW_EVERY_MS : PROGRESS_LINE_EVERY_MS))
        return;
    progress->shown_ms = now_ms;
    format(progress, now, now_ms, progress->is_drawn ? terminal_width(STDERR_FILENO) : LINE_BYTES,
           line);
    if (!progress->is_drawn) {
        say_line(now, line);
        return;
    }
    fprintf(stderr, CLEAR_LINE "%s", terminal_text(line, &room));
    buffer_release(&room);
    fflush(stderr);
    log_status_line(CLEAR_LINE);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown && progress->is_drawn)
        fprintf(stderr, CLEAR_LINE);
    log_status_line(NULL);
}
