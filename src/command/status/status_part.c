#include "status_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file/output.h"
#include "base/words/terminal.h"
#include "cli/summary.h"
#include "ledger/view/server_view.h"

void status_append_ledger(const struct status *s, struct buffer *words)
{
    char *whole;

    if (!s->options->ledger)
        return;
    whole = realpath(s->options->ledger, NULL); /* the command may be typed elsewhere */
    buffer_text(words, " --ledger ");
    summary_quote(whole ? whole : s->options->ledger, words);
    free(whole);
}

int status_begin_look(struct status *s, struct error *err)
{
    if (!server_view_is(s->ledger))
        return 0;
    s->holds_snapshot = !ledger_look_begin(s->ledger, err);
    return s->holds_snapshot ? 0 : -1;
}

/* Nothing of the ledger is held meanwhile, so a slow reader keeps nobody waiting: what is read from
 * a server in one look is printed when that has ended. */
int status_flush(struct status *s, size_t least, struct error *err)
{
    if (s->out.failed)
        return error_no_memory(err);
    if (s->holds_snapshot && least)
        return 0;
    if (s->holds_snapshot)
        ledger_look_end(s->ledger);
    s->holds_snapshot = false;
    if (s->out.len < least)
        return 0;
    terminal_print(buffer_string(&s->out));
    buffer_reset(&s->out);
    return ferror(stdout) || !least ? output_flush_standard(err) : 0;
}
