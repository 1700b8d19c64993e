#include "disagreement.h"
#include "base/array.h"
#include "base/words/language.h"

#include <stdarg.h>
#include <stdio.h>

void disagreement_raise(struct audit *audit, enum audit_measure measure, size_t report,
                        uint64_t row, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    audit->agrees = false;
    audit->disagreements_found++;
    audit->disagreements_by[measure]++;
    if (report != AUDIT_NO_REPORT)
        audit->reports[report].disagreements++;
    if (audit->disagreement_count >= AUDIT_DISAGREEMENTS_MAX)
        return;
    va_start(args, format);
    if (!ARRAY_HAS_ROOM(audit->disagreements, audit->disagreement_count,
                        audit->disagreement_room) ||
        vasprintf(&text, language_of(format), args) < 0)
        audit->no_memory = true;
    else
        audit->disagreements[audit->disagreement_count++] =
            (struct audit_disagreement){measure, report, row, text};
    va_end(args);
}

void disagreement_note(struct audit *audit, const char *format, ...)
{
    va_list args;

    if (audit->note_count == AUDIT_NOTES_MAX)
        return;
    va_start(args, format);
    if (vasprintf(&audit->notes[audit->note_count], language_of(format), args) < 0)
        audit->no_memory = true;
    else
        audit->note_count++;
    va_end(args);
}
