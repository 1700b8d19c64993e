/*
 * month_csv: the claims of many exports as a CSV, one line each.
 *
 * As a report has it: UTF-8 with a byte order mark, amounts in fen, cells that a spreadsheet would
 * take for a formula guarded.
 *
 * Tested by tests/e2e/test_month.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CSV_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CSV_H

#include "month.h"

#define MONTH_CSV_HEADER                                                                           \
    "platform,app_key,workcard_id,claim_order_no,claim_status,claim_fee,outcome,code,message,"     \
    "accepted_fee,first_accepted_fee,changes,rows,day,report,row\n"

struct month_csv;

/* EXIT_CANNOT_CREATE where something stands that is no such CSV. "-" is standard output. */
int month_csv_look(const char *path, struct error *err);

/* `path` is borrowed. Looks again. */
int month_csv_open(const char *path, struct month_csv **ret_csv, struct error *err);
int month_csv_add(struct month_csv *csv, const struct month *month, const struct month_claim *claim,
                  struct error *err);
int month_csv_publish(struct month_csv *csv, struct error *err);
void month_csv_close(struct month_csv *csv); /* NULL is fine */

#endif
