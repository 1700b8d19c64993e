#include "cli/correction.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/options.h"

void correction_describe(const struct changed_sum *sum, struct buffer *ret_words)
{
    char before[MONEY_TEXT_BYTES];
    char after[MONEY_TEXT_BYTES];

    language_format(ret_words, language_plural("%llu row, ", "%llu rows, ", sum->rows),
                    (unsigned long long)sum->rows);
    if (sum->without_before < sum->rows)
        language_format(ret_words, "%s yuan before, ", money_format_yuan(sum->before, before));
    language_format(ret_words, "%s yuan now", money_format_yuan(sum->after, after));
    if (sum->without_before)
        language_format(ret_words, " (before: not known for %llu)",
                        (unsigned long long)sum->without_before);
}

uint64_t correction_limit(const struct options *options, uint64_t rows)
{
    uint64_t part = rows * (uint64_t)options->max_changed_percent / 100;
    uint64_t least = (uint64_t)options->max_changed;

    return part > least ? part : least;
}

static void describe_stop(const struct changed_sum *sum, uint64_t rows, uint64_t limit,
                          char ret_text[COORDINATOR_TEXT_BYTES])
{
    struct buffer words = {0};

    correction_describe(sum, &words);
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("claims were accepted before with other content: %s; at most %llu of %llu may be "
               "(--max-changed), so nothing was sent. Look at unit, columns and export; if the "
               "changes are meant: --max-changed %llu"),
             buffer_string(&words), (unsigned long long)limit, (unsigned long long)rows,
             (unsigned long long)sum->rows);
    buffer_release(&words);
}

static void check_changed(const struct changed_sum *sum, uint64_t rows, uint64_t limit,
                          struct coordinator_stop *stop)
{
    if (sum->rows <= limit)
        return;
    stop->exit_code = EXIT_STOPPED;
    strcpy(stop->because, "max-changed");
    describe_stop(sum, rows, limit, stop->sentence);
    language_record_begin();
    describe_stop(sum, rows, limit, stop->record);
    language_record_end();
}

/* Under which other key the ledger may know claims of the export, and what is to be done then. */
enum other_key { SPELLING, WORK_ORDER, NUMBER, OTHER_KEYS };

static const struct {
    const char *because, *advice;
} other_keys[OTHER_KEYS] = {
    {"order-no-alike",
     N_("Export claim_order_no as it was then, as text; if they are other claims: --rule "
        "damaged-order-no=warn")},
    {"other-work-order",
     N_("See that each row has its own workcard_id and claim_order_no (was one column sorted "
        "without the others?); if they are other claims: --rule damaged-order-no=warn")},
    {"other-order-no", N_("Export claim_order_no as it was then; if they are other claims: --rule "
                          "damaged-order-no=warn")},
};

/* Of how many rows. */
static uint64_t rows_of(const struct rehearsal *r, enum other_key key)
{
    switch (key) {
    case SPELLING:
        return r->alike.rows;
    case WORK_ORDER:
        return r->other_work_order.rows;
    default:
        return other_number_rows(&r->other_number);
    }
}

static void describe(const struct rehearsal *r, enum other_key key,
                     char ret_text[COORDINATOR_TEXT_BYTES])
{
    const struct alike_found *alike = &r->alike;
    const struct other_work_order_found *order = &r->other_work_order;
    const struct other_number_found *number = &r->other_number;

    if (key == SPELLING)
        snprintf(ret_text, COORDINATOR_TEXT_BYTES,
                 _("claims were sent before under another spelling of their numbers, of the same "
                   "work orders: %llu, the first in row %llu, '%s', then '%s'"),
                 (unsigned long long)alike->rows, (unsigned long long)alike->first_row, alike->now,
                 alike->before);
    else if (key == WORK_ORDER)
        snprintf(ret_text, COORDINATOR_TEXT_BYTES,
                 _("claim numbers were sent before with other work orders: %llu, of them %llu with "
                   "the same content; row %llu has '%s' with work order %lld, then it was %lld"),
                 (unsigned long long)order->rows, (unsigned long long)order->same,
                 (unsigned long long)order->first_row, order->order_no, (long long)order->now,
                 (long long)order->before);
    else
        snprintf(ret_text, COORDINATOR_TEXT_BYTES,
                 _("claims were sent before with other numbers, the same otherwise: %llu of %llu "
                   "that were looked at, the first in row %llu, '%s', then '%s'"),
                 (unsigned long long)number->rows, (unsigned long long)number->looked_at,
                 (unsigned long long)number->first_row, number->now, number->before);
}

static void describe_other_stop(const struct rehearsal *r, enum other_key key,
                                char ret_text[COORDINATOR_TEXT_BYTES])
{
    char what[COORDINATOR_TEXT_BYTES];

    describe(r, key, what);
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("%s; they would be paid again, so nothing was sent. %s"), what,
             _(other_keys[key].advice));
}

static void check_other(const struct rehearsal *r, enum other_key key, bool is_error,
                        uint64_t limit, struct coordinator_stop *stop)
{
    uint64_t rows = rows_of(r, key);
    char words[COORDINATOR_TEXT_BYTES];

    if (!rows)
        return;
    if (!is_error || (key != SPELLING && rows <= limit)) {
        describe(r, key, words);
        log_warn("%s", words);
        return;
    }
    stop->exit_code = EXIT_STOPPED;
    strcpy(stop->because, other_keys[key].because);
    describe_other_stop(r, key, stop->sentence);
    language_record_begin();
    describe_other_stop(r, key, stop->record);
    language_record_end();
}

void correction_check(const struct options *options, const struct rules *rules,
                      const struct rehearsal *rehearsal, uint64_t rows,
                      struct coordinator_stop *stop)
{
    uint64_t limit = correction_limit(options, rows);
    bool is_error = rules->severity[RULE_DAMAGED_ORDER_NO] == SEVERITY_ERROR;

    for (int key = 0; key < OTHER_KEYS && !stop->exit_code; key++)
        check_other(rehearsal, (enum other_key)key, is_error, limit, stop);
    if (!stop->exit_code && rules->severity[RULE_CHANGED_SINCE_ACCEPTED] != SEVERITY_ERROR)
        check_changed(&rehearsal->changed, rows, limit, stop);
}
