#include "command/commands.h"

#include "base/words/language.h"

static const struct command commands[] = {
    {"upload", COMMAND_UPLOAD, "CLAIMS.csv", cmd_upload,
     N_("check the whole export, send each claim once, write the report"),
     "claimbatch upload claims.csv --app-key 12345678 --app-secret-file secret --dry-run\n"
     "claimbatch upload claims.csv --app-key 12345678 --app-secret-file secret --limit 10\n"
     "claimbatch upload claims.csv --config claims.conf --require-ledger --expect-new\n"},
    {"rerun", COMMAND_RERUN, "REPORT.csv", cmd_rerun,
     N_("submit again the rows of a report that are safe to submit"),
     "claimbatch rerun claims.report.csv --config claims.conf\n"
     "claimbatch rerun claims.report.csv --config claims.conf --include rejected\n"},
    {"check", COMMAND_CHECK, "CLAIMS.csv", cmd_check, N_("everything upload checks, nothing sent"),
     "claimbatch check claims.csv\n"
     "claimbatch check claims.csv -o problems.csv --column claim_order_no=报案号\n"},
    {"resolve", COMMAND_RESOLVE, "[REPORT.csv]", cmd_resolve,
     N_("list unknown rows, and settle them by a person's word"),
     "claimbatch resolve claims.report.csv -o list.csv\n"
     "claimbatch resolve claims.report.csv --from list.csv\n"
     "claimbatch resolve claims.report.csv --row 7 --as accepted --by NAME --reason TEXT\n"},
    {"import", COMMAND_IMPORT, "REPORT.csv|STARTED.json...", cmd_import,
     N_("teach a ledger what reports say that it does not know"),
     "claimbatch import claims.report.csv --by NAME --reason 'the disk was lost'\n"},
    {"audit", COMMAND_AUDIT, "REPORT.csv|DIR...", cmd_audit, N_("summarise and verify reports"),
     "claimbatch audit claims.report.csv --export claims.csv\n"
     "claimbatch audit claims.report.csv claims.report.rerun-1.csv --html audit.html\n"
     "claimbatch audit reports/ --html month.html --xlsx month.xlsx\n"},
    {"status", COMMAND_STATUS, NULL, cmd_status, N_("what the ledger holds"),
     "claimbatch status\n"
     "claimbatch status --claim CL00000042\n"
     "claimbatch status --backup /backup/\n"},
    {"explain", COMMAND_EXPLAIN, "[CODE|exit N]...", cmd_explain,
     N_("what a code means, and what to do"),
     "claimbatch explain TIMEOUT\n"
     "claimbatch explain exit 75\n"},
};

const struct command *commands_at(size_t i)
{
    return i < sizeof(commands) / sizeof(*commands) ? &commands[i] : NULL;
}
