#include "month_claim.h"

#include <string.h>

#include "command/audit/totals.h"

/* Each text behind the other; pointers are set once all of them are there. */
static void keep(struct month_claim *claim, const struct month_line *line)
{
    const char *const texts[] = {line->workcard_id, line->claim_order_no, line->code, line->message,
                                 line->request_id};
    const char **places[] = {&claim->final.workcard_id, &claim->final.claim_order_no,
                             &claim->final.code, &claim->final.message, &claim->final.request_id};
    size_t at = 0;

    buffer_reset(&claim->texts);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        buffer_append(&claim->texts, texts[i], strlen(texts[i]) + 1);
    claim->final = *line;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        *places[i] = claim->texts.failed ? "" : claim->texts.ptr + at;
        at += strlen(texts[i]) + 1;
    }
}

static bool is_code(const struct month_line *line, const char *code)
{
    return line->outcome == OUTCOME_SKIPPED && strcmp(line->code, code) == 0;
}

static bool is_already_accepted(const struct month_line *line)
{
    return is_code(line, "ALREADY_ACCEPTED");
}

/* Whether the row says nothing of its claim that an earlier one has not said. */
static bool is_silent(const struct month_line *line)
{
    return line->outcome == OUTCOME_SKIPPED && !is_already_accepted(line);
}

static void note_twice(struct month_claim *claim, const struct month_line *line)
{
    if (!claim->is_accepted || !claim->was_sent || claim->is_twice || !line->content ||
        claim->accepted_content != line->content || claim->accepted_export == line->export)
        return;
    claim->is_twice = true;
    claim->twice_before = claim->accepted_export;
    claim->twice_row_before = claim->accepted_row;
    claim->twice_after = line->export;
    claim->twice_row_after = line->row;
}

static void accept(struct month_claim *claim, const struct month_line *line)
{
    if (line->outcome == OUTCOME_ACCEPTED)
        note_twice(claim, line);
    if (!claim->is_accepted)
        claim->first_fen = line->fee_fen;
    else if (claim->accepted_fen != line->fee_fen)
        claim->changes++;
    claim->is_accepted = true;
    claim->accepted_fen = line->fee_fen;
    claim->accepted_content = line->content;
    claim->accepted_export = line->export;
    claim->accepted_row = line->row;
    claim->was_sent = line->outcome == OUTCOME_ACCEPTED;
}

static bool is_acceptance(const struct month_line *line)
{
    return line->outcome == OUTCOME_ACCEPTED || is_already_accepted(line);
}

/* The state that a row stands for. */
static void take_state(struct month_claim *claim, const struct month_line *line)
{
    keep(claim, line);
    if (is_already_accepted(line))
        claim->final.outcome = OUTCOME_ACCEPTED;
}

void month_claim_begin(struct month_claim *claim, const struct month_line *line)
{
    struct buffer texts = claim->texts;

    *claim = (struct month_claim){.texts = texts, .lines = 1};
    take_state(claim, line);
    if (is_acceptance(line))
        accept(claim, line);
}

void month_claim_add(struct month_claim *claim, const struct month_line *line)
{
    bool was_silent = is_silent(&claim->final);
    bool is_unknown = claim->final.outcome == OUTCOME_UNKNOWN;

    claim->lines++;
    if (is_acceptance(line)) {
        bool is_told_again =
            is_already_accepted(line) && claim->was_sent && claim->accepted_fen == line->fee_fen;

        /* Where it was accepted stays what says so. */
        if (!is_told_again || claim->final.outcome != OUTCOME_ACCEPTED)
            take_state(claim, line);
        if (!is_told_again)
            accept(claim, line);
        return;
    }
    if (is_silent(line) && !was_silent)
        return;
    if (!is_unknown || line->outcome == OUTCOME_UNKNOWN)
        take_state(claim, line);
}

bool month_claim_has(const struct month_claim *claim, const struct month_line *line)
{
    const struct month_line *mine = &claim->final;

    return !line->alone && !mine->alone && mine->platform == line->platform &&
           strcmp(mine->workcard_id, line->workcard_id) == 0 &&
           strcmp(mine->claim_order_no, line->claim_order_no) == 0;
}

bool month_claim_is_open(const struct month_claim *claim)
{
    return totals_needs_person(claim->final.outcome);
}

void month_claim_release(struct month_claim *claim)
{
    buffer_release(&claim->texts);
}
