#include "report/draft.h"

#include "base/digest.h"
#include "base/error.h"
#include "report/line.h"

/* An empty file, but for the names of the columns. */
static int begin(struct draft *draft, struct error *err)
{
    draft->tally = tally_open();
    draft->sha256 = digest_open();
    draft->bytes = 0;
    buffer_text(&draft->output.text, LINE_BOM LINE_HEADER);
    return draft->output.text.failed || !draft->tally || !draft->sha256 ? error_no_memory(err) : 0;
}

static void end(struct draft *draft)
{
    tally_close(draft->tally);
    digest_close(draft->sha256);
    draft->tally = NULL;
    draft->sha256 = NULL;
}

int draft_open(const char *report_path, struct draft *ret_draft, struct error *err)
{
    *ret_draft = (struct draft){0};
    return output_lock(report_path, &ret_draft->output, err) ? -1 : begin(ret_draft, err);
}

int draft_restart(struct draft *draft, struct error *err)
{
    end(draft);
    return output_restart(&draft->output, err) ? -1 : begin(draft, err);
}

static int flush(struct draft *draft, struct error *err)
{
    const struct buffer *text = &draft->output.text;

    draft->bytes += text->len;
    if (text->failed || digest_update(draft->sha256, text->ptr, text->len))
        return error_no_memory(err);
    return output_flush(&draft->output, err);
}

int draft_advance(struct draft *draft, struct error *err)
{
    return draft->output.text.len >= OUTPUT_FLUSH_BYTES ? flush(draft, err) : 0;
}

int draft_finish(struct draft *draft, struct error *err)
{
    return flush(draft, err) ? -1 : output_finish(&draft->output, err);
}

void draft_close(struct draft *draft)
{
    end(draft);
    output_close(&draft->output);
}
