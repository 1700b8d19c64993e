#include "guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "report/beside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int refuse_file(const char *path, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "the report cannot go to '%s': this command reads or keeps that file; nothing "
                     "was sent. Name another report with -o",
                     LOG_QUOTED(path));
}

/* `beside` names what stands with the file, each beginning with what is added to its path. */
static int check_file(const struct submission *s, const char *file, const char *const *beside,
                      size_t count, struct error *err)
{
    static const char *const outputs[] = {
        "",
        BESIDE_PARTIAL,
        BESIDE_MANIFEST,
        BESIDE_MANIFEST BESIDE_PARTIAL,
        BESIDE_STARTED,
        BESIDE_STARTED BESIDE_PARTIAL,
    };
    struct buffer kept = {0};
    struct buffer written = {0};
    int result = 0;

    for (size_t i = 0; file && i < count * COUNT(outputs) && !result; i++) {
        buffer_reset(&kept);
        buffer_reset(&written);
        buffer_format(&kept, "%s%s", file, beside[i / COUNT(outputs)]);
        buffer_format(&written, "%s%s", s->report_path.ptr, outputs[i % COUNT(outputs)]);
        if (kept.failed || written.failed)
            result = error_no_memory(err);
        else if (file_is_same(kept.ptr, written.ptr))
            result = refuse_file(s->report_path.ptr, err);
    }
    buffer_release(&kept);
    buffer_release(&written);
    return result;
}

int guard_files(const struct submission *s, struct error *err)
{
    /* SQLite's own (https://www.sqlite.org/tempfiles.html), and the lock. */
    static const char *const ledgers[] = {"", "-wal", "-shm", "-journal", ".lock"};
    static const char *const alone[] = {""};
    static const char *const exports[] = {"", BESIDE_LEDGER, BESIDE_LEDGER BESIDE_PARTIAL};
    const struct options *o = s->options;
    char *place = realpath(s->ledger_path.ptr, NULL); /* none is there yet: as it is named */
    int result = check_file(s, o->claims, exports, COUNT(exports), err);
    const char *const files[] = {o->app_secret_file, o->session_file, o->sign_key, o->config_file,
                                 o->ca_file};

    for (size_t i = 0; i < COUNT(files) && !result; i++)
        result = check_file(s, files[i], alone, COUNT(alone), err);
    if (!result)
        result = check_file(s, place ? place : s->ledger_path.ptr, ledgers, COUNT(ledgers), err);
    free(place);
    return result;
}
