#include "exports.h"

#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "world.h"

#define KEPT_MAX 32
#define LINE_BYTES 128

const char *const export_names[2] = {"claims.csv", "other.csv"};

/* The office alone knows it: the program sees the files. */
static struct {
    int share_percent[2]; /* of the claims that are in the file already */
    int bumps[CLAIMS_MAX];
    int changes;
    int count[2];
    struct export_line lines[2][2 * CLAIMS_MAX];
    int kept;
    char digests[KEPT_MAX][65], copies[KEPT_MAX][NAME_BYTES];
} exports;

/* Those that stand in both files never change: which of two contents is the newer one would depend
 * on when their runs began. */
bool exports_share(int claim)
{
    return claim % 4 == 2;
}

static bool is_of(int file, int claim)
{
    return exports_share(claim) || (claim % 4 == 3) == (file == 1);
}

/* Its first line is an older content than its second; so both change with each export. */
static bool is_two_contents(int claim)
{
    return claim % 7 == 4 && !exports_share(claim);
}

static bool is_in(int file, int claim)
{
    uint64_t share = choice_of(STREAM_SCRIPT, 5000 + (uint64_t)claim, 100);

    return !(world->plan.without >> claim & 1) && is_of(file, claim) &&
           (int)share < exports.share_percent[file];
}

static void add(int file, int claim, int version)
{
    exports.lines[file][exports.count[file]++] =
        (struct export_line){claim, version, claim % 11 == 10};
}

static void fill(int file)
{
    exports.count[file] = 0;
    for (int claim = 0; claim < world->plan.claims; claim++) {
        int version = 2 * exports.bumps[claim];
        bool is_repeated = claim % 7 == 5 || is_two_contents(claim);

        if (!is_in(file, claim))
            continue;
        add(file, claim, version);
        if (!is_repeated)
            continue;
        add(file, claim, version + is_two_contents(claim));
        mark(MARK_REPEATED_CLAIM);
    }
}

static void keep(int file, const char *text)
{
    if (exports.kept == KEPT_MAX)
        return;
    folder_digest(export_names[file], exports.digests[exports.kept]);
    snprintf(exports.copies[exports.kept], NAME_BYTES, "kept-%d.txt", exports.kept);
    folder_write(exports.copies[exports.kept++], text);
}

/* One has a column more, so that they are two exports even when both are empty. */
static void write_file(int file)
{
    static char text[(2 * CLAIMS_MAX + 2) * LINE_BYTES];
    const char *more = file ? ",desk" : "";
    char *to = text + sprintf(text,
                              "workcard_id,claim_desc,claim_count,claim_order_no,claim_status,"
                              "claim_time,claim_fee%s\n",
                              more);

    fill(file);
    for (int i = 0; i < exports.count[file]; i++) {
        const struct export_line *line = &exports.lines[file][i];
        int fee = FIRST_FEE + VERSIONS_MAX * line->claim + line->version;

        to += sprintf(to, "%lld,,1,CL%06d,1,2026-01-02 03:04:05,%d%s\n",
                      (long long)FIRST_WORKCARD + line->claim, line->claim,
                      line->is_invalid ? 0 : fee, more);
    }
    folder_write(export_names[file], text);
    keep(file, text);
}

void exports_begin(void)
{
    memset(&exports, 0, sizeof(exports));
    exports.share_percent[0] = exports.share_percent[1] = 80;
    write_file(0);
    write_file(1);
}

static bool changes(int claim, int change)
{
    uint64_t key = 6000 + (uint64_t)change * CLAIMS_MAX + (uint64_t)claim;

    return is_two_contents(claim) || choice_of(STREAM_SCRIPT, key, 100) < 40;
}

void exports_change(int file)
{
    exports.share_percent[file] = 100;
    exports.changes++;
    for (int claim = 0; claim < world->plan.claims; claim++)
        if (!exports_share(claim) && is_of(file, claim) &&
            exports.bumps[claim] < VERSIONS_MAX / 2 - 1 && changes(claim, exports.changes))
            exports.bumps[claim]++;
    write_file(file);
}

int exports_lines(int file, const struct export_line **ret_lines)
{
    *ret_lines = exports.lines[file];
    return exports.count[file];
}

const char *exports_named_in(const char *text)
{
    for (int i = 0; i < exports.kept; i++)
        if (strstr(text, exports.digests[i]))
            return exports.copies[i];
    return NULL;
}
