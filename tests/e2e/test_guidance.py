"""Places where an operator had to guess: what is printed holds in another folder, nothing is called done
that is not, and what was asked is what is answered."""

import json
import os
import shlex
import sqlite3
import subprocess

from harness import APP_KEY, Reply, TestCase, accept, claim_row, claim_rows, export_text, refuse


def close(request):
    return Reply(b"", executed=True, accepted=True, then="close")


class ElsewhereTest(TestCase):
    """status, typed in another folder than the run's."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.ws.file("elsewhere"))

    def in_elsewhere(self, line):
        line = line.replace("claimbatch ", shlex.quote(self.ws.binary) + " ", 1)
        return subprocess.run(
            ["/bin/sh", "-c", line], cwd=self.ws.file("elsewhere"), env=self.ws.environment(),
            capture_output=True, text=True, check=False, timeout=60,
        )

    def test_paths_are_whole_and_the_next_command_works(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: close(r) if r.number == 1 else accept(r))
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 3)
        shown = self.in_elsewhere("claimbatch status --ledger ../ledger.db")
        root = os.path.realpath(self.ws.path)
        self.assertIn(f"export {root}/claims.csv\n", shown.stdout)
        self.assertIn(f"report {root}/claims.report.csv\n", shown.stdout)
        next_line = [line for line in shown.stderr.splitlines() if "next: " in line][0]
        settled = self.in_elsewhere(next_line.split("next: ", 1)[1])
        self.assertEqual(settled.returncode, 3, settled.stderr)
        self.assertIn("CL00000001", settled.stdout)

    def test_standard_input_has_no_path(self):
        gateway = self.gateway()
        result = self.ws.run(
            *self.ws.upload_arguments(gateway, "-o", "r.csv", claims="-"), input=export_text(claim_rows(1)).encode()
        )
        self.assertExit(result, 0)
        shown = self.in_elsewhere("claimbatch status --ledger ../ledger.db --json")
        run = json.loads(shown.stdout)["runs"][0]
        self.assertEqual(run["report"], os.path.realpath(self.ws.path) + "/r.csv")
        self.assertNotIn("/", run["export"])

    def test_the_same_upload_from_another_folder_goes_on(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: accept(r))
        self.assertExit(self.ws.upload(gateway, "--limit", "1"), 4)
        words = ["claimbatch", *map(str, self.ws.upload_arguments(gateway, claims="../claims.csv", ledger="../ledger.db"))]
        words[words.index("secret")] = "../secret"
        done = self.in_elsewhere(" ".join(map(shlex.quote, words)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(gateway.requests), 3)


class RerunTest(TestCase):
    def rerun(self, gateway, *options):
        return self.ws.run(
            "rerun", "claims.report.csv", "--ledger", "ledger.db", "--gateway", gateway.url,
            "--app-key", APP_KEY, "--app-secret-file", "secret", *options,
        )

    def first(self):
        """Row 2 is rejected, row 3 unknown, row 4 accepted, row 5 invalid."""
        self.ws.export(claim_rows(3) + [claim_row(4, claim_fee="x")])
        scripts = {1: refuse, 2: close}
        gateway = self.gateway(lambda r: scripts.get(r.number, accept)(r))
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 3)
        return gateway

    def assertNamesParentsRows(self, result):
        for what in ("unknown", "rejected or invalid"):
            self.assertSays(result, f"next: 1 row of 'claims.report.csv' is still {what}")

    def test_rows_that_were_not_taken_are_not_forgotten(self):
        gateway = self.first()
        result = self.rerun(gateway, "--include", "rejected")
        self.assertExit(result, 0)
        self.assertNamesParentsRows(result)
        self.assertSays(result, "claimbatch resolve claims.report.csv")
        self.assertNotIn("nothing is left to do", result.err)

    def test_nor_where_what_was_taken_did_not_end_well(self):
        """The rerun's own rows come first, then those of the report it was made from."""
        gateway = self.first()
        gateway.script = refuse
        result = self.rerun(gateway, "--include", "rejected")
        self.assertExit(result, 1)
        self.assertSays(result, "next: the gateway refused the rejected rows")
        self.assertNamesParentsRows(result)

    def test_a_hook_is_told_of_them_too(self):
        gateway = self.first()
        result = self.rerun(gateway, "--include", "rejected", "--after", 'echo "next is $CLAIMBATCH_NEXT."')
        self.assertExit(result, 0)
        self.assertSays(result, "next is claimbatch resolve claims.report.csv --ledger ledger.db")
        nothing = self.rerun(gateway, "--after", 'echo "next is $CLAIMBATCH_NEXT."')
        self.assertExit(nothing, 3)
        self.assertSays(nothing, "no row of the report is to be sent",
                        "next is claimbatch resolve claims.report.csv --ledger ledger.db")

    def test_where_all_were_taken_nothing_is_left(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(lambda r: refuse(r) if r.number == 1 else accept(r))
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        result = self.rerun(gateway, "--include", "rejected")
        self.assertExit(result, 0)
        self.assertSays(result, "next: nothing is left to do")

    def test_an_audit_of_the_upload_names_its_rerun(self):
        gateway = self.first()
        self.assertExit(self.rerun(gateway, "--include", "rejected"), 0)
        for reports, found in ((("claims.report.csv",), True), (("claims.report.csv", "claims.report.rerun-1.csv"), False)):
            result = self.ws.run("audit", *reports, "--ledger", "ledger.db", "--json")
            self.assertExit(result, 0)
            notes = [n for n in json.loads(result.out)["notes"] if "re-run" in n]
            self.assertEqual(len(notes), 1 if found else 0, notes)
        text = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db")
        self.assertIn("claims.report.rerun-1.csv' is the report of a re-run", text.out + text.err)

    def test_a_rerun_of_another_upload_is_not_named(self):
        gateway = self.first()
        self.assertExit(self.rerun(gateway, "--include", "rejected"), 0)
        self.ws.export(claim_rows(2, 51), name="other.csv")
        self.assertExit(self.ws.upload(gateway, claims="other.csv"), 0)
        result = self.ws.run("audit", "other.report.csv", "--ledger", "ledger.db", "--json")
        self.assertEqual(json.loads(result.out)["notes"], [])


class AnswerTest(TestCase):
    def test_a_dry_run_with_invalid_rows_is_not_all_well(self):
        gateway = self.gateway()
        for rows, code in (([claim_row(1, claim_fee="x")], 1), (claim_rows(1) + [claim_row(2, claim_fee="x")], 1), (claim_rows(2), 0)):
            self.ws.export(rows)
            self.assertExit(self.ws.upload(gateway, "--dry-run"), code)
        self.assertEqual(gateway.requests, [])

    def test_a_backup_goes_into_a_folder_under_a_name_of_its_own(self):
        self.ws.export(claim_rows(2))
        self.assertExit(self.ws.upload(self.gateway()), 0)
        os.mkdir(self.ws.file("backups"))
        for place in ("backups", "backups/"):
            result = self.ws.run("status", "--backup", place, "--ledger", "ledger.db", "--json")
            self.assertExit(result, 0)
            (name,) = os.listdir(self.ws.file("backups"))
            self.assertRegex(name, r"^ledger-\d{8}-\d{6}\.db$")
            path = self.ws.file(f"backups/{name}")
            with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as copy:
                self.assertEqual(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            os.unlink(path)

    def test_a_list_of_problems_goes_into_a_folder(self):
        self.ws.export([claim_row(1, claim_fee="x")], name="day.csv")
        os.mkdir(self.ws.file("lists"))
        for place in ("lists/", "lists"):
            result = self.ws.run("check", "day.csv", "-o", place, "--overwrite")
            self.assertExit(result, 1)
            self.assertSays(result, "lists/day.problems.csv")
            self.assertEqual(os.listdir(self.ws.file("lists")), ["day.problems.csv"])

    def test_an_exit_code_is_explained_as_one(self):
        result = self.ws.run("explain", "exit", "1")
        self.assertExit(result, 0)
        self.assertIn("1 (exit code)", result.out)
        self.assertNotIn("code of the gateway", result.out)
        self.assertExit(self.ws.run("explain", "exit", "999"), 2)
        both = self.ws.run("explain", "TIMEOUT", "exit", "1")
        self.assertExit(both, 0)
        self.assertIn("TIMEOUT (", both.out)
        self.assertIn("1 (exit code)", both.out)
        self.assertNotIn("code of the gateway", both.out)
        self.assertIn("usage: claimbatch explain [OPTION]... [CODE|exit N]...\n", self.ws.run("explain", "--help").out)

    def test_one_row_is_one_row(self):
        self.ws.export(claim_rows(1))
        result = self.ws.upload(self.gateway())
        self.assertExit(result, 0)
        self.assertSays(result, "claims.csv: 1 row, 0 invalid", "finished: 1 row\n")

    def test_an_option_that_is_nearly_right_is_named(self):
        result = self.ws.run("status", "--claims", "CL1")
        self.assertExit(result, 2)
        self.assertSays(result, "did you mean --claim?")

    def test_an_export_without_claims_is_remarked_on(self):
        gateway = self.gateway()
        self.ws.export([])
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "warning: there are no claims below the header", "--min-rows 1")
        self.assertExit(self.ws.upload(gateway, "--min-rows", "1"), 65)

    def test_a_row_over_several_lines_is_told_by_both(self):
        rows = [claim_row(1, claim_desc="a\nb\nc", claim_status="2", claim_fee="0"), claim_row(2, claim_fee="x"), claim_row(3, claim_count="2")]
        self.ws.export(rows)
        checked = self.ws.run("check", "claims.csv")
        self.assertExit(checked, 1)
        self.assertRegex(checked.out, r"claims\.csv:5:\d+: error: BAD_FEE: .* \(cell G3\)")
        self.assertRegex(checked.out, r"BAD_FEE +error +1  3, line 5\n")
        (code,) = [c for c in json.loads(self.ws.run("check", "claims.csv", "--json").out)["codes"] if c["code"] == "BAD_FEE"]
        self.assertEqual((code["first_row"], code["first_line"]), (3, 5))
        sent = self.ws.upload(self.gateway())
        self.assertSays(sent, "COUNT_NOT_ONE: 1, first in row 4, line 6")
        self.ws.export(rows[:1] + ['1,a"b,1,CL9,1,2026-01-02 03:04:05,1'])
        refused = self.ws.run("check", "claims.csv")
        self.assertExit(refused, 65)
        self.assertSays(refused, "line 5 (row 3), column 4")


if __name__ == "__main__":
    import unittest

    unittest.main()
