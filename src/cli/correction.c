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

/* How many of `rows` may be corrections by --max-changed. */
static uint64_t limit_of(const struct options *options, uint64_t rows)
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

void correction_check(const struct options *options, const struct changed_sum *sum, uint64_t rows,
                      struct coordinator_stop *stop)
{
    uint64_t limit = limit_of(options, rows);

    if (sum->rows <= limit)
        return;
    stop->exit_code = EXIT_STOPPED;
    strcpy(stop->because, "max-changed");
    describe_stop(sum, rows, limit, stop->sentence);
    language_record_begin();
    describe_stop(sum, rows, limit, stop->record);
    language_record_end();
}

static void describe_alike(const struct alike_found *found, char ret_text[COORDINATOR_TEXT_BYTES])
{
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("claims were sent before under another spelling of their numbers, of the same work "
               "orders: %llu, the first in row %llu, '%s', then '%s'"),
             (unsigned long long)found->rows, (unsigned long long)found->first_row, found->now,
             found->before);
}

static void describe_alike_stop(const struct alike_found *found,
                                char ret_text[COORDINATOR_TEXT_BYTES])
{
    char what[COORDINATOR_TEXT_BYTES];

    describe_alike(found, what);
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("%s; they would be paid again, so nothing was sent. Export claim_order_no as it was "
               "then, as text; if they are other claims: --rule damaged-order-no=warn"),
             what);
}

void correction_check_alike(const struct rules *rules, const struct alike_found *found,
                            struct coordinator_stop *stop)
{
    char words[COORDINATOR_TEXT_BYTES];

    if (!found->rows)
        return;
    if (rules->severity[RULE_DAMAGED_ORDER_NO] != SEVERITY_ERROR) {
        describe_alike(found, words);
        log_warn("%s", words);
        return;
    }
    stop->exit_code = EXIT_STOPPED;
    strcpy(stop->because, "order-no-alike");
    describe_alike_stop(found, stop->sentence);
    language_record_begin();
    describe_alike_stop(found, stop->record);
    language_record_end();
}

static void describe_other(const struct other_work_order_found *found,
                           char ret_text[COORDINATOR_TEXT_BYTES])
{
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("claim numbers were sent before with other work orders: %llu, of them %llu with the "
               "same content; row %llu has '%s' with work order %lld, then it was %lld"),
             (unsigned long long)found->rows, (unsigned long long)found->same,
             (unsigned long long)found->first_row, found->order_no, (long long)found->now,
             (long long)found->before);
}

static void describe_other_stop(const struct other_work_order_found *found,
                                char ret_text[COORDINATOR_TEXT_BYTES])
{
    char what[COORDINATOR_TEXT_BYTES];

    describe_other(found, what);
    snprintf(ret_text, COORDINATOR_TEXT_BYTES,
             _("%s; they would be paid again, so nothing was sent. See that each row has its own "
               "workcard_id and claim_order_no (was one column sorted without the others?); if "
               "they are other claims: --rule damaged-order-no=warn"),
             what);
}

void correction_check_other_work_order(const struct options *options, const struct rules *rules,
                                       const struct other_work_order_found *found, uint64_t rows,
                                       struct coordinator_stop *stop)
{
    char words[COORDINATOR_TEXT_BYTES];

    if (!found->rows)
        return;
    if (rules->severity[RULE_DAMAGED_ORDER_NO] != SEVERITY_ERROR ||
        found->rows <= limit_of(options, rows)) {
        describe_other(found, words);
        log_warn("%s", words);
        return;
    }
    stop->exit_code = EXIT_STOPPED;
    strcpy(stop->because, "other-work-order");
    describe_other_stop(found, stop->sentence);
    language_record_begin();
    describe_other_stop(found, stop->record);
    language_record_end();
}
