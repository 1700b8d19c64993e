/* claimbatch explain: what a code means, whether the row was executed, what to do. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/options/options.h"
#include "cli/suggestion.h"
#include "command/commands.h"
#include "report/advice/advice.h"

#define MARGIN 2      /* kept free at the right */
#define NAME_WIDTH 23 /* of the list's first column */
#define LIST_INDENT (2 + NAME_WIDTH + 1 + 7 + 1)
#define LIST_INDENT_NARROW 6
#define MEANING_COLUMNS_MIN 30 /* beside the other columns there must be so many */

static size_t width(void)
{
    size_t columns = terminal_width(STDOUT_FILENO);

    return columns > MARGIN ? columns - MARGIN : columns;
}

static void append_part(struct buffer *out, int indent, const char *name, const char *text)
{
    if (!*text)
        return;
    buffer_format(out, "%*s", indent, "");
    terminal_cell(out, name, 11);
    terminal_flow(text, (size_t)indent + 11, (size_t)indent + 11, width(), out);
}

static void append_parts(struct buffer *out, int indent, const struct advice *advice)
{
    append_part(out, indent, _("executed?"), advice_executed_name(advice->executed));
    append_part(out, indent, _("then"), advice->fate);
    append_part(out, indent, _("to do"), advice->todo);
}

static void append_head(struct buffer *out, const struct advice *advice)
{
    size_t start;

    if (out->len)
        buffer_byte(out, '\n');
    start = out->len;
    language_format(out, "%s (%s): ", advice->code, advice_kind_name(advice->kind));
    terminal_flow(advice->meaning, terminal_columns(buffer_string(out) + start), 2, width(), out);
}

/* A code of the gateway, with one kind of sub_code. */
static void append_case(struct buffer *out, const struct advice *advice, bool is_only)
{
    if (is_only) {
        append_parts(out, 2, advice);
        return;
    }
    if (*advice->sub_code)
        language_format(out, "  with sub_code %s\n", advice->sub_code);
    else
        language_append(out, "  with any other sub_code, or none\n");
    append_parts(out, 4, advice);
}

/* Appends every meaning of the word, or as an exit code alone; returns how many there are. */
static size_t append_meanings(struct buffer *out, const char *word, bool as_exit)
{
    size_t shown = 0;
    struct advice advice;
    size_t cases = 0;
    size_t i;

    for (i = 0; advice_meaning(word, i, &advice); i++) {
        if (as_exit && advice.kind != ADVICE_EXIT)
            continue;
        shown++;
        if (advice.kind != ADVICE_GATEWAY) {
            append_head(out, &advice);
            append_parts(out, 2, &advice);
            continue;
        }
        if (cases++ == 0)
            append_head(out, &advice);
        append_case(out, &advice, cases == 1 && !*advice.sub_code);
    }
    return shown;
}

static void append_entry(struct buffer *out, const struct advice *advice)
{
    size_t start = out->len;

    buffer_format(out, "  %-*s ", NAME_WIDTH, advice->code);
    if (width() < LIST_INDENT + MEANING_COLUMNS_MIN) {
        buffer_format(out, "%s\n%*s", advice_executed_name(advice->executed), LIST_INDENT_NARROW,
                      "");
        terminal_flow(advice->meaning, LIST_INDENT_NARROW, LIST_INDENT_NARROW, width(), out);
        return;
    }
    terminal_cell(out, advice_executed_name(advice->executed), 8);
    terminal_flow(advice->meaning, terminal_columns(buffer_string(out) + start), LIST_INDENT,
                  width(), out);
}

static void append_list(struct buffer *out)
{
    enum advice_kind kind = ADVICE_KIND_COUNT;
    struct advice advice;

    for (size_t i = 0; advice_at(i, &advice); i++) {
        if (advice.kind != kind)
            buffer_format(out, "%s%s%s\n", i ? "\n" : "", advice_kind_name(advice.kind),
                          advice.kind < ADVICE_STOP ? _(", executed or not, meaning")
                                                    : _(", meaning"));
        kind = advice.kind;
        append_entry(out, &advice);
    }
    language_append(out, "\nwhat to do about one of them: claimbatch explain CODE\n");
}

/* The code nearest to a word. Most are in upper case, and a person types what is easy to type. */
static const char *find_near(const char *word)
{
    char upper[ADVICE_CODE_BYTES];
    const char *near;
    size_t i = 0;

    for (; word[i] && i < sizeof(upper) - 1; i++)
        upper[i] = word[i] == '-' ? '_' : (char)toupper((unsigned char)word[i]);
    upper[i] = '\0';
    near = suggestion_find(upper, advice_word);
    return near ? near : suggestion_find(word, advice_word);
}

static int refuse(const char *word, struct error *err)
{
    static const char hint[] = N_("If it stands in a report beside rejected, it is a word of the "
                                  "platform's: see its message");
    const char *near = find_near(word);

    if (near)
        return error_set(err, EXIT_BAD_USAGE, "there is no code '%s' here; did you mean %s? %s",
                         LOG_QUOTED(word), near, _(hint));
    return error_set(err, EXIT_BAD_USAGE,
                     "there is no code '%s' here; claimbatch explain lists all. %s",
                     LOG_QUOTED(word), _(hint));
}

static int print(struct buffer *out, struct error *err)
{
    if (out->failed)
        return error_no_memory(err);
    terminal_print(buffer_string(out));
    return output_flush_standard(err) ? -1 : EXIT_COMPLETE;
}

/* Appends what each word means; one behind "exit" is an exit code. */
static int append_words(struct buffer *out, const struct options *options, struct error *err)
{
    for (size_t i = 0; i < options->operand_count; i++) {
        bool is_exit =
            i + 1 < options->operand_count && strcasecmp(options->operands[i], "exit") == 0;

        i += is_exit;
        if (!append_meanings(out, options->operands[i], is_exit) && !out->failed)
            return refuse(options->operands[i], err);
    }
    return 0;
}

int cmd_explain(const struct options *options, const char *invocation, struct error *err)
{
    struct buffer out = {0};
    int result;

    (void)invocation;
    if (!options->operand_count)
        append_list(&out);
    result = append_words(&out, options, err);
    if (!result)
        result = print(&out, err);
    buffer_release(&out);
    return result;
}
