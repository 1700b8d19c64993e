/* Which spills lie in a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/log.h"
#include "spill.h"

int64_t spill_worker(const char *name, const char *ledger)
{
    char expected[LEDGER_ID_BYTES + 64];
    const char *digits = name + strlen("ledger-") + strlen(ledger) + 1;
    long long worker;

    if (strlen(name) <= (size_t)(digits - name) || strspn(digits, "0123456789") > 18)
        return -1;
    worker = strtoll(digits, NULL, 10);
    snprintf(expected, sizeof(expected), "ledger-%s.%lld.spill", ledger, worker);
    return strcmp(name, expected) == 0 ? worker : -1;
}

struct numbers {
    int64_t *workers;
    size_t count, room;
};

static int compare(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

static int read_folder(const char *folder, const char *ledger, struct numbers *numbers,
                       struct error *err)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    bool has_room = true;

    if (!entries)
        return errno == ENOENT
                   ? 0
                   : error_set(err, EXIT_CANNOT_CREATE, "cannot read the folder '%s': %s",
                               LOG_QUOTED(folder), strerror(errno));
    while (has_room && (entry = readdir(entries))) {
        int64_t worker = spill_worker(entry->d_name, ledger);

        if (worker < 0)
            continue;
        has_room = ARRAY_HAS_ROOM(numbers->workers, numbers->count, numbers->room);
        if (has_room)
            numbers->workers[numbers->count++] = worker;
    }
    closedir(entries);
    if (numbers->count)
        qsort(numbers->workers, numbers->count, sizeof(*numbers->workers), compare);
    return has_room ? 0 : error_no_memory(err);
}

int spill_each(const char *folder, const char *ledger, spill_see *see, void *context,
               struct error *err)
{
    struct numbers numbers = {0};
    struct buffer path = {0};
    size_t len = strlen(folder);
    const char *slash = len && folder[len - 1] == '/' ? "" : "/";
    int result = read_folder(folder, ledger, &numbers, err);

    for (size_t i = 0; i < numbers.count && !result; i++) {
        int64_t worker = numbers.workers[i];

        buffer_reset(&path);
        buffer_format(&path, "%s%sledger-%s.%lld.spill", folder, slash, ledger, (long long)worker);
        result = path.failed ? error_no_memory(err) : see(context, path.ptr, worker, err);
    }
    free(numbers.workers);
    buffer_release(&path);
    return result;
}
