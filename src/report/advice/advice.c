#include "report/advice/advice.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice_part.h"
#include "base/error.h"
#include "base/words/language.h"

const char *advice_kind_name(enum advice_kind kind)
{
    static const char *const names[ADVICE_KIND_COUNT] = {
        [ADVICE_OUTCOME] = N_("outcome"),
        [ADVICE_ROW] = N_("code of a row"),
        [ADVICE_RULE] = N_("rule"),
        [ADVICE_HTTP] = N_("HTTP status"),
        [ADVICE_GATEWAY] = N_("code of the gateway"),
        [ADVICE_SUB_CODE] = N_("sub_code of the gateway"),
        [ADVICE_STOP] = N_("why a run stopped"),
        [ADVICE_EXIT] = N_("exit code"),
    };

    return _(names[kind]);
}

const char *advice_executed_name(enum advice_executed executed)
{
    static const char *const names[] = {N_("no"), N_("perhaps"), N_("yes"), ""};

    return _(names[executed]);
}

/* ---- filling in ---- */

void advice_fill(struct advice *advice, enum advice_kind kind, const char *code,
                 const char *meaning, enum advice_executed executed)
{
    *advice = (struct advice){.kind = kind,
                              .sub_code = "",
                              .meaning = meaning,
                              .executed = executed,
                              .fate = "",
                              .todo = ""};
    snprintf(advice->code, sizeof(advice->code), "%s", code);
}

/* What a person reads of it, in his language. */
bool advice_translate(struct advice *advice)
{
    advice->meaning = _(advice->meaning);
    advice->fate = _(advice->fate);
    advice->todo = _(advice->todo);
    return true;
}

static enum advice_executed executed_by(enum outcome outcome)
{
    return outcome == OUTCOME_ACCEPTED     ? ADVICE_EXECUTED
           : outcome == OUTCOME_UNKNOWN    ? ADVICE_PERHAPS_EXECUTED
           : outcome == ADVICE_ANY_OUTCOME ? ADVICE_NO_ROW
                                           : ADVICE_NOT_EXECUTED;
}

void advice_fill_outcome(enum outcome outcome, struct advice *advice)
{
    advice_fill(advice, ADVICE_OUTCOME, outcome_name(outcome), advice_outcomes[outcome].meaning,
                executed_by(outcome));
    advice->fate = advice_outcomes[outcome].fate;
    advice->todo = advice_outcomes[outcome].todo;
}

void advice_fill_row(size_t i, struct advice *advice)
{
    advice_fill(advice, ADVICE_ROW, advice_rows[i].code, advice_rows[i].meaning,
                executed_by(advice_rows[i].outcome));
    advice->fate = advice_rows[i].fate;
    advice->todo = advice_rows[i].todo;
}

void advice_fill_rule(enum rule rule, struct advice *advice)
{
    struct rules defaults;

    rules_init(&defaults);
    advice_fill(advice, ADVICE_RULE, rule_code(rule), advice_rules[rule], ADVICE_NOT_EXECUTED);
    advice->todo = ADVICE_FIX_EXPORT;
    if (rule_is_fixed(rule)) {
        advice->fate = _("the row is invalid and is never sent");
        return;
    }
    advice->fate = defaults.severity[rule] == SEVERITY_ERROR
                       ? _("the row is invalid and is never sent; --rule can make it a warning")
                       : _("a warning: the row is sent; --rule can make it an error");
    if (defaults.severity[rule] == SEVERITY_ERROR)
        return;
    advice->executed = ADVICE_NO_ROW;
    advice->todo = _("see that the value is meant");
}

static void fill_verdict(const struct verdict *verdict, struct advice *advice)
{
    advice->executed = advice_fates[verdict->kind].executed;
    advice->fate = advice_fates[verdict->kind].fate;
    advice->todo = advice_fates[verdict->kind].todo;
    if (verdict->kind == VERDICT_STOP)
        advice->fate = verdict->exit_code == EXIT_NOT_PERMITTED
                           ? _("the run stops with 77, and the row is unsent")
                           : _("the run stops with 69, and the row is unsent");
}

/* ---- what the gateway's answers mean, asked of the table of verdicts ---- */

static void judge_status(long status, struct verdict *ret_verdict)
{
    const struct verdict_settings settings = {0};
    const struct exchange exchange = {
        .phase = PHASE_ANSWERED, .http_status = status, .retry_after_s = -1, .server_ms = -1};
    const struct answer answer = {0};

    verdict_judge(&settings, &exchange, &answer, ret_verdict);
}

void advice_judge_code(int64_t code, const char *sub_code, struct verdict *ret_verdict)
{
    const struct verdict_settings settings = {0};
    const struct exchange exchange = {
        .phase = PHASE_ANSWERED, .http_status = 200, .retry_after_s = -1, .server_ms = -1};
    struct answer answer = {.kind = ANSWER_ERROR, .code = code, .ban_s = -1};

    snprintf(answer.sub_code, sizeof(answer.sub_code), "%s", sub_code);
    verdict_judge(&settings, &exchange, &answer, ret_verdict);
}

static bool is_same_verdict(const struct verdict *a, const struct verdict *b)
{
    return a->kind == b->kind && a->exit_code == b->exit_code;
}

/* 200 has no entry: what counts then is in the answer. */
bool advice_find_status(long status, size_t *ret_i)
{
    for (size_t i = 0; i < advice_status_count; i++) {
        *ret_i = i;
        if (status >= advice_statuses[i].first && status <= advice_statuses[i].last)
            return true;
    }
    return false;
}

void advice_fill_status(size_t i, long status, const char *shown, struct verdict *verdict,
                        struct advice *advice)
{
    judge_status(status, verdict);
    advice_fill(advice, ADVICE_HTTP, shown, advice_statuses[i].meaning, ADVICE_NO_ROW);
    fill_verdict(verdict, advice);
    if (verdict->kind == VERDICT_STOP)
        advice->todo = N_(
            "check --gateway and what stands between here and it, then type the same upload again");
}

static size_t find_code(int64_t code)
{
    size_t i = 0;

    while (i < advice_code_count - 1 &&
           (code < advice_codes[i].first || code > advice_codes[i].last))
        i++;
    return i;
}

void advice_fill_code(size_t i, const char *shown, const char *pattern,
                      const struct verdict *verdict, struct advice *advice)
{
    advice_fill(advice, ADVICE_GATEWAY, shown, advice_codes[i].meaning, ADVICE_NO_ROW);
    fill_verdict(verdict, advice);
    advice->sub_code = pattern;
    if (advice_codes[i].todo && verdict->kind == VERDICT_STOP)
        advice->todo = advice_codes[i].todo;
}

/* Whether a more general kind of sub_code, or any other, has the same verdict beside this code. */
static bool is_covered(int64_t code, size_t k, const struct verdict *verdict)
{
    struct verdict general;

    for (size_t g = k + 1; g < advice_sub_code_count; g++) {
        if (fnmatch(advice_sub_codes[g].pattern, advice_sub_codes[k].sample, 0) != 0)
            continue;
        advice_judge_code(code, advice_sub_codes[g].sample, &general);
        return is_same_verdict(verdict, &general);
    }
    advice_judge_code(code, "", &general);
    return is_same_verdict(verdict, &general);
}

/* The i-th kind of sub_code that makes a difference beside this code; the last is any other. */
bool advice_kind_of_code(int64_t code, const char *shown, size_t i, struct advice *advice)
{
    struct verdict verdict;

    for (size_t k = 0; k < advice_sub_code_count; k++) {
        advice_judge_code(code, advice_sub_codes[k].sample, &verdict);
        if (is_covered(code, k, &verdict) || i-- > 0)
            continue;
        advice_fill_code(find_code(code), shown, advice_sub_codes[k].pattern, &verdict, advice);
        return true;
    }
    if (i > 0)
        return false;
    advice_judge_code(code, "", &verdict);
    advice_fill_code(find_code(code), shown, "", &verdict, advice);
    return true;
}

bool advice_find_sub_code(const char *sub_code, size_t *ret_i)
{
    for (size_t i = 0; i < advice_sub_code_count; i++) {
        *ret_i = i;
        if (fnmatch(advice_sub_codes[i].pattern, sub_code, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

void advice_fill_sub_code(size_t i, const char *shown, const char *sub_code, struct advice *advice)
{
    struct verdict verdict;

    advice_judge_code(advice_sub_codes[i].code, sub_code, &verdict);
    advice_fill(advice, ADVICE_SUB_CODE, shown, advice_sub_codes[i].meaning, ADVICE_NO_ROW);
    fill_verdict(&verdict, advice);
}

/* ---- of a line of a report ---- */

/* Whether a row that was judged so may end with this outcome. */
static bool fits(enum verdict_kind kind, enum outcome outcome)
{
    switch (kind) {
    case VERDICT_ACCEPTED:
        return outcome == OUTCOME_ACCEPTED;
    case VERDICT_REJECTED:
        return outcome == OUTCOME_REJECTED;
    case VERDICT_UNKNOWN:
    case VERDICT_UNKNOWN_STOP:
        return outcome == OUTCOME_UNKNOWN;
    case VERDICT_AGAIN:
    case VERDICT_OUTAGE:
    case VERDICT_WITHDRAWN:
    case VERDICT_BAN:
    case VERDICT_QUOTA:
    case VERDICT_STOP:
        break;
    }
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT;
}

bool advice_parse_number(const char *word, int64_t *ret_number)
{
    size_t len = strlen(word);

    if (!len || len > 18 || strspn(word, "0123456789") != len)
        return false;
    *ret_number = strtoll(word, NULL, 10);
    return true;
}

static bool of_our_code(const char *code, enum outcome outcome, struct advice *advice)
{
    for (size_t i = 0; i < advice_row_count; i++)
        if (strcmp(advice_rows[i].code, code) == 0 &&
            (advice_rows[i].outcome == outcome || advice_rows[i].outcome == ADVICE_ANY_OUTCOME)) {
            advice_fill_row(i, advice);
            return true;
        }
    for (int i = 0; i < RULE_COUNT && outcome == OUTCOME_INVALID; i++)
        if (strcmp(rule_code((enum rule)i), code) == 0) {
            advice_fill_rule((enum rule)i, advice);
            return true;
        }
    return false;
}

static bool of_status(const char *code, enum outcome outcome, struct advice *advice)
{
    struct verdict verdict;
    int64_t status;
    size_t i;

    if (strncmp(code, "HTTP_", 5) != 0 || !advice_parse_number(code + 5, &status) ||
        !advice_find_status((long)status, &i))
        return false;
    advice_fill_status(i, (long)status, code, &verdict, advice);
    return fits(verdict.kind, outcome);
}

static bool of_gateway(const char *code, const char *sub_code, enum outcome outcome,
                       struct advice *advice)
{
    struct verdict verdict;
    int64_t number;
    size_t i;

    if (!advice_parse_number(code, &number))
        return false;
    advice_judge_code(number, sub_code, &verdict);
    advice_fill_code(find_code(number), code, "", &verdict, advice);
    if (*sub_code && advice_find_sub_code(sub_code, &i)) {
        advice->sub_code = advice_sub_codes[i].pattern;
        advice->meaning = advice_sub_codes[i].meaning;
    }
    return fits(verdict.kind, outcome);
}

void advice_find(const char *code, const char *sub_code, enum outcome outcome,
                 struct advice *ret_advice)
{
    if (!of_our_code(code, outcome, ret_advice) && !of_status(code, outcome, ret_advice) &&
        !of_gateway(code, sub_code, outcome, ret_advice))
        advice_fill_outcome(outcome, ret_advice);
    advice_translate(ret_advice);
}
