#include "status_part.h"

#include "base/error.h"
#include "base/file/output.h"
#include "base/words/terminal.h"
#include <stdio.h>

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
