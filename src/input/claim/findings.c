#include "input/claim/findings.h"

#include <string.h>

/* The row as a whole goes before its fields. */
static int place_of(enum field field)
{
    return field == FIELD_NONE ? -1 : (int)field;
}

static void add(struct findings *findings, enum rule rule, enum severity severity, enum field field)
{
    size_t at = findings->count;

    if (severity == SEVERITY_OFF || at == FINDINGS_MAX)
        return;
    for (; at > 0 && place_of(findings->list[at - 1].field) > place_of(field); at--)
        findings->list[at] = findings->list[at - 1];
    findings->list[at] = (struct finding){rule, severity, field};
    findings->count++;
}

void findings_add(struct findings *findings, const struct rules *rules, enum rule rule,
                  enum field field)
{
    if (rule != RULE_NONE)
        add(findings, rule, rules->severity[rule], field);
}

void findings_warn(struct findings *findings, const struct rules *rules, enum rule rule,
                   enum field field)
{
    if (rules->severity[rule] != SEVERITY_OFF)
        add(findings, rule, SEVERITY_WARN, field);
}

bool findings_invalid(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].severity == SEVERITY_ERROR)
            return true;
    }
    return false;
}

static bool is_first_of_rule(const struct findings *findings, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (findings->list[i].rule == findings->list[at].rule)
            return false;
    }
    return true;
}

void findings_codes(const struct findings *findings, enum severity severity,
                    struct buffer *ret_codes)
{
    const char *separator = "";

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].severity != severity || !is_first_of_rule(findings, i))
            continue;
        buffer_format(ret_codes, "%s%s", separator, rule_code(findings->list[i].rule));
        separator = ";";
    }
}
