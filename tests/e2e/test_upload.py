"""claimbatch upload against the sandbox: what a day's work looks like, and each way it stops."""

import json
import os
import signal
import re
import shutil
import stat
import subprocess
import threading
import unittest

import oracle
from harness import (
    APP_KEY,
    APP_SECRET,
    FIELDS,
    LAG_S,
    NEW_LEDGER,
    FreshWorkspace,
    Reply,
    Sandbox,
    TestCase,
    accept,
    claim_row,
    claim_rows,
    error_body,
    export_text,
    fail,
    file_digest,
    http,
    long_form,
    refuse,
)

# Every fault that does not stop a run, at a chance of 1 % for each class. Those that make everybody
# wait a second are rarer, or the test would only wait.
FAULTS = (
    "all-accepted=1%",
    "all-rejected=1%",
    "all-unknown=1%",
    "code-1=1%",
    "code-10=1%",
    "isp-unavailable=1%",
    "isp-call-limited=1%",
    "refuse-connect=1%",
    "close-before-request=1%",
    "http-429=0.02%",
    "ban=0.02%",
)


def mixed_rows(count):
    """Claims of every kind that may be sent, some claims with several rows."""
    rows = []
    for at in range(1, count + 1):
        row = claim_row(at)
        if at % 7 == 0:
            row.update(claim_status="2", claim_fee="0", claim_desc='拒赔: "过期", 第%d条' % at)
        if at % 11 == 0:
            row.update(claim_status="0", claim_fee="0")
        if at % 50 == 0:  # the same claim as the row before, with other content
            row = dict(rows[-1], claim_time="2026-01-02 03:04:%02d" % (at // 50 % 60))
        if at % 97 == 0:  # the same row once more
            row = dict(rows[-1])
        rows.append(row)
    return rows


class UploadCase(TestCase):
    def assertTrueReport(self, journal, **how):
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, journal, **how))


class DayTest(UploadCase):
    def test_a_small_export_end_to_end(self):
        self.ws.export(
            [
                claim_row(1),
                claim_row(2, claim_status="2", claim_fee="0", claim_desc="超出保修期"),
                claim_row(3, claim_status="0", claim_fee="0"),
                claim_row(4, claim_fee="0"),
                claim_row(5, claim_time="2026/1/2 3:04"),
            ]
        )
        sandbox = self.sandbox()
        result = self.ws.upload(sandbox)
        self.assertExit(result, 1)
        self.assertTally({"accepted": 4, "invalid": 1})
        self.assertEqual(result.out, "")
        self.assertSays(
            result,
            "new ledger created",
            "claims.report.csv",
            "claims.report.csv.manifest.json",
            "ledger.db",
            "accepted",
            "invalid",
            "SUCCESS_WITHOUT_FEE",
            "next: ",
        )
        self.assertTrueReport(sandbox.journal)
        self.assertFalse(os.path.exists(self.ws.report + ".partial"))

    def test_what_a_run_leaves_is_for_its_owner_only(self):
        self.ws.export(claim_rows(3))
        self.assertExit(self.ws.upload(self.gateway()), 0)
        for name in os.listdir(self.ws.path):
            if name.startswith(("claims.report", "ledger")):
                self.assertEqual(self.ws.mode(name), 0o600, name)

    def test_an_export_of_a_header_alone_is_fine(self):
        self.ws.export([])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(self.ws.read_report(), [])
        self.assertTrue(self.ws.read_manifest()["complete"])
        self.assertEqual(gateway.requests, [])

    def test_ten_thousand_rows_with_every_fault_are_reported_truly(self):
        count = 100000 if long_form() else 10000
        self.ws.export(mixed_rows(count))
        faults = [word for fault in FAULTS for word in ("--fault", fault)]
        sandbox = self.sandbox("--threads", 2, "--latency", "0..5", *faults)
        result = self.ws.upload(
            sandbox, "--in-flight", 64, "--timeout", 2, seconds=3000 if long_form() else 120
        )
        self.assertExit(result, 3)
        self.assertTrueReport(sandbox.journal)
        outcomes = self.ws.read_manifest()["outcomes"]
        for outcome in ("accepted", "rejected", "unknown", "skipped"):
            self.assertGreater(outcomes[outcome]["rows"], 0, outcome)
        struck = {entry["fault"] for entry in sandbox.journal} - {None}
        self.assertGreater(len(struck), 30, "too few faults struck: the test shows little")

        # The same command again: what is unknown or refused stays as it is.
        before = len(sandbox.journal)
        open_rows = outcomes["failed"]["rows"] + outcomes["unsent"]["rows"]
        again = self.ws.upload(sandbox, "--in-flight", 64, "--timeout", 2, seconds=120)
        self.assertExit(again, 3)
        if open_rows == 0:
            self.assertEqual(len(sandbox.journal), before)
        self.assertTrueReport(sandbox.journal, starts=2)

    def test_every_sign_method_is_understood(self):
        self.ws.export(claim_rows(2))
        for method in ("hmac-sha256", "hmac", "md5"):
            with self.subTest(method):
                sandbox = self.sandbox()
                result = self.ws.upload(
                    sandbox,
                    "--sign-method",
                    method,
                    "--ledger",
                    "ledger-" + method,
                    "--overwrite",
                    *NEW_LEDGER,
                )
                self.assertExit(result, 0)
                self.assertEqual({e["sign_method"] for e in sandbox.journal}, {method})
                self.assertTrueReport(sandbox.journal)

    def test_a_session_is_sent_and_signed(self):
        self.ws.export(claim_rows(2))
        session = self.ws.write("session", "the-session\r\nsecond line\n", mode=0o600)
        sandbox = self.sandbox(session=session)
        without = self.ws.upload(sandbox)
        self.assertExit(without, 77)
        self.assertSays(without, "session", "--session-file")
        self.assertExit(self.ws.upload(sandbox, "--session-file", "session"), 0)
        self.assertTally({"accepted": 2})

    def test_json_is_the_manifest_and_standard_output_holds_nothing_else(self):
        self.ws.export(claim_rows(3))
        result = self.ws.upload(self.gateway(), "--json")
        self.assertExit(result, 0)
        self.assertEqual(json.loads(result.out), self.ws.read_manifest())

    def test_quiet_says_nothing_when_all_is_well(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        first = self.ws.upload(gateway, "-q")
        self.assertExit(first, 0)
        self.assertEqual(first.out, "")
        self.assertEqual(first.err, "claimbatch: warning: new ledger created: ledger.db\n")
        self.ws.export(claim_rows(4))
        result = self.ws.upload(gateway, "-q")
        self.assertExit(result, 0)
        self.assertEqual((result.out, result.err), ("", ""))

    def test_quiet_still_says_what_is_wrong(self):
        self.ws.export(claim_rows(3))
        result = self.ws.upload(self.gateway(refuse), "-q")
        self.assertExit(result, 1)
        self.assertIn("rejected", result.err)

    def test_log_format_json_writes_one_object_a_line(self):
        self.ws.export(claim_rows(3))
        result = self.ws.upload(self.gateway(refuse), "--log-format", "json")
        self.assertExit(result, 1)
        lines = result.err.splitlines()
        self.assertGreater(len(lines), 2)
        for line in lines:
            self.assertIsInstance(json.loads(line), dict)

    def test_the_manifest_says_what_the_contract_names(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        manifest = self.ws.read_manifest()
        for name in (
            "version",
            "run",
            "parent_run",
            "command",
            "input",
            "reading",
            "platform",
            "gateway",
            "app_key",
            "method",
            "ledger_id",
            "started",
            "finished",
            "complete",
            "stopped_because",
            "outcomes",
            "codes",
            "report",
            "replaced",
        ):
            self.assertIn(name, manifest)
        self.assertEqual(manifest["gateway"], gateway.url)
        self.assertEqual(manifest["report"]["sha256"], file_digest(self.ws.report))
        self.assertEqual(manifest["reading"]["fee_unit"], "fen")
        text = json.dumps(manifest, ensure_ascii=False)
        self.assertNotIn("CL00000001", text)
        self.assertNotIn(APP_SECRET, text)

    def test_sums_beyond_64_bit_are_right(self):
        most = 2**63 - 1
        self.ws.export([claim_row(at, claim_fee=str(most)) for at in range(1, 6)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(self.ws.read_manifest()["outcomes"]["accepted"]["fee_fen"], 5 * most)
        self.assertTrueReport(gateway.journal)

    def test_the_export_may_come_from_standard_input(self):
        gateway = self.gateway()
        text = export_text(claim_rows(3)).encode()
        for name in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
            with self.subTest(name):
                without = self.ws.upload(gateway, claims=name, input=text)
                self.assertExit(without, 2)
                self.assertSays(without, "-o", "nothing was sent")
        result = self.ws.upload(gateway, "-o", "out.csv", claims="-", input=text)
        self.assertExit(result, 0)
        self.assertTally({"accepted": 3}, "out.csv")
        self.assertEqual(self.ws.read_manifest("out.csv")["input"]["rows"], 3)
        left = [name for name in os.listdir(self.ws.path) if name.startswith("claimbatch-")]
        self.assertEqual(left, [], "the spooled copy was left behind")


class SpreadsheetTest(UploadCase):
    def test_nothing_in_the_report_runs_as_a_formula_and_nothing_is_lost(self):
        starts = ("=", "+", "-", "@", "\t", "'=", "''+", "＝", "＋", "－", "＠")
        rows = []
        for at, start in enumerate(starts, 1):
            rows.append(
                claim_row(
                    at,
                    # In a claim number a formula, an apostrophe or a full-width form is damage.
                    claim_order_no=f"{start}HYPERLINK{at}" if start in "+-@" else f"x{at}",
                    claim_desc=f"'{start}1+1",
                    claim_status="2",
                    claim_fee="0",
                )
            )
        rows.append(claim_row(90, claim_desc="'plain"))
        rows.append(claim_row(91, claim_order_no="a 1,c"))
        rows.append(claim_row(92, claim_desc="=1+1", claim_fee="abc"))  # invalid: raw text
        self.ws.export(rows)
        gateway = self.gateway(
            lambda r: refuse(r, "=cmd|' /C calc'!A0") if r.number % 2 else accept(r)
        )
        self.assertExit(self.ws.upload(gateway, "--rule", "reason-without-refusal=off"), 1)
        self.assertTrueReport(gateway.journal)  # its reader refuses cells that would run
        by_order = {line["claim_order_no"]: line for line in self.ws.read_report()}
        for row in rows[:-1]:
            self.assertIn(row["claim_order_no"], by_order)
        messages = {line["message"] for line in by_order.values()}
        self.assertTrue(any(m.startswith("=cmd") for m in messages), messages)

    def test_line_breaks_of_an_answer_do_not_break_the_report(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(lambda r: refuse(r, 'a\r\nb\x1b[31m\x00,"c"\u2028'))
        self.assertExit(self.ws.upload(gateway), 1)
        (line,) = self.ws.read_report()
        self.assertNotIn("\x1b", line["message"])
        self.assertIn('"c"', line["message"])

    def test_rows_are_counted_as_a_spreadsheet_shows_them(self):
        header = ",".join(FIELDS)
        good = export_text([claim_row(1)]).splitlines()[1]
        refused = claim_row(2, claim_desc="zwei\nZeilen", claim_status="2", claim_fee="0")
        two = export_text([refused]).split("\n", 1)[1]
        last = export_text([claim_row(3)]).splitlines()[1]
        self.ws.write("claims.csv", f"{header}\n\n{good}\n\n{two}\n{last}\n")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual([line["row"] for line in self.ws.read_report()], ["3", "5", "7"])
        self.assertTrueReport(gateway.journal)


class StopTest(UploadCase):
    """Each fault that stops a run, and that the same command then goes on."""

    # fault, exit code, what is said
    STOPS = (
        ("code-25", 77, ("next: ",)),
        ("code-26", 77, ("--session-file",)),
        ("code-27", 77, ()),
        ("code-31", 77, ("clock",)),
        ("code-9", 77, ()),
        ("code-11", 77, ()),
        ("http-302", 69, ("--gateway",)),
        ("http-401", 77, ()),
        ("http-404", 69, ("--gateway",)),
        ("quota", 75, ("00:00:00 Beijing time",)),
        ("code-55", 69, ()),
    )

    def test_each_stopping_fault_has_its_exit_code_and_the_same_command_completes(self):
        for fault, code, words in self.STOPS:
            with self.subTest(fault), FreshWorkspace(self):
                self.check_stop(fault, code, words)

    def check_stop(self, fault, code, words):
        self.ws.export(claim_rows(20))
        with Sandbox(self.ws, "--fault", fault + "=50%", "--seed", "5") as sick:
            result = self.ws.upload(sick, "--in-flight", "2")
            journal, port = list(sick.journal), sick.port
        self.assertExit(result, code)
        self.assertSays(result, "stopped", "next: ", "upload claims.csv", *words)
        manifest = self.ws.read_manifest()
        self.assertFalse(manifest["complete"])
        self.assertTrue(manifest["stopped_because"])
        self.assertGreater(manifest["outcomes"]["unsent"]["rows"], 0)
        self.assertTrueReport(journal)
        unknown = manifest["outcomes"]["unknown"]["rows"]
        self.assertEqual(unknown > 0, fault == "code-55")
        with Sandbox(self.ws, port=port) as well:
            again = self.ws.upload(well, "--in-flight", "2")
            journal += well.journal
        self.assertExit(again, 3 if unknown else 0)
        self.assertSays(again, "goes on")
        self.assertTally(
            {"accepted": 20 - unknown, "unknown": unknown} if unknown else {"accepted": 20}
        )
        self.assertTrueReport(journal, starts=2)

    def test_a_wrong_gateway_is_not_told_to_be_typed_again(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: Reply(http("not here", 404)))
        result = self.ws.upload(gateway)
        self.assertExit(result, 69)
        self.assertSays(result, "the same command fails again until --gateway")
        gateway.script = accept
        right = self.ws.upload(gateway.url + "/right", "--overwrite")
        self.assertExit(right, 0)

    def test_the_command_that_is_printed_next_is_the_one_to_type(self):
        self.ws.export(claim_rows(4), name="claims of 'today'.csv")
        gateway = self.gateway(fail(25))
        result = self.ws.upload(gateway, claims="claims of 'today'.csv")
        self.assertExit(result, 77)
        self.assertSays(result, "the same command fails again until", APP_KEY, "'secret'")
        command = re.search(r"(?m)^next: .* Then: (.* upload .*)$", result.err).group(1)
        gateway.script = accept
        again = self.ws.start("-c", command, binary="/bin/sh").finish()
        self.assertExit(again, 0)
        self.assertTally({"accepted": 4}, "claims of 'today'.report.csv")

    def test_a_clock_that_differs_is_named(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(
            lambda r: Reply(
                http(error_body(31), headers=[("Date", "Thu, 01 Jan 2026 00:00:00 GMT")])
            )
        )
        result = self.ws.upload(gateway)
        self.assertExit(result, 77)
        self.assertRegex(result.err, r"clock is \d+ s ahead of")

    def test_a_daily_quota_of_the_gateway_is_probed_with_one_call_at_the_next_start(self):
        self.ws.export(claim_rows(10))
        with Sandbox(self.ws, "--daily-quota", "4") as sandbox:
            self.assertExit(self.ws.upload(sandbox, "--in-flight", "1"), 75)
            self.assertTally({"accepted": 4, "unsent": 6})
            before = len(sandbox.journal)
            self.assertExit(self.ws.upload(sandbox, "--in-flight", "8"), 75)
            self.assertEqual(len(sandbox.journal), before + 1)
            self.assertTrueReport(sandbox.journal, starts=2)


class LimitTest(UploadCase):
    def test_limit_sends_the_first_sendable_rows_and_the_same_command_goes_on(self):
        rows = claim_rows(10)
        rows[1]["claim_fee"] = "0"  # invalid: not sendable
        self.ws.export(rows)
        gateway = self.gateway()
        result = self.ws.upload(gateway, "--limit", "3")
        self.assertExit(result, 4)
        self.assertTally({"accepted": 3, "invalid": 1, "unsent": 6})
        self.assertEqual([key[1] for key in sorted(gateway.keys())], ["CL00000001", "CL00000003", "CL00000004"])
        self.assertTrueReport(gateway.journal)
        self.assertSays(result, "look on the platform", "without --limit for all that are left: ", "upload claims.csv")
        self.assertNotIn("--limit", result.err.split("that are left: ")[1])
        self.assertExit(self.ws.upload(gateway, "--limit=3"), 4)
        self.assertTally({"accepted": 6, "invalid": 1, "unsent": 3})
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertTally({"accepted": 9, "invalid": 1})
        self.assertTrueReport(gateway.journal, starts=3)

    def test_the_command_without_limit_can_be_typed_whatever_the_file_is_called(self):
        names = ("it's.csv", "it's --limit 3.csv", "a\tb\033[2J%s\\n 理赔.csv", "-\u202e!\xad'.csv", "end\n.csv\n\n")
        for name in names:
            with self.subTest(name):
                folder = self.ws.file("it's")
                shutil.rmtree(folder, ignore_errors=True)
                os.mkdir(folder)
                self.ws.export(claim_rows(8), name=f"it's/{name}")
                gateway = self.gateway()
                options = ("--limit", "3", "-o", "it's/report.csv")
                limited = self.ws.upload(gateway, *options, claims=f"it's/{name}", ledger="it's/l.db")
                self.assertExit(limited, 4)
                command = limited.err.partition("that are left: ")[2].rstrip("\n")
                self.assertNotRegex(command, "[\\0-\\t\\v-\\x1f\u202e]")
                ended = subprocess.run(
                    ["/bin/sh", "-c", command],
                    cwd=self.ws.path,
                    env=self.ws.environment(),
                    capture_output=True,
                    check=False,
                )
                self.assertEqual(ended.returncode, 0, (command, ended))
                self.assertEqual(len(gateway.requests), 8)

    def test_limit_as_large_as_the_rest_is_no_stop(self):
        self.ws.export(claim_rows(3))
        self.assertExit(self.ws.upload(self.gateway(), "--limit", "3"), 0)

    def test_limit_zero_sends_nothing(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "0"), 4)
        self.assertEqual(gateway.requests, [])
        self.assertTally({"unsent": 3})

    def test_max_failures_stops_after_so_many_bad_rows(self):
        self.ws.export(claim_rows(60))
        gateway = self.gateway(lambda r: accept(r) if r.number % 2 else refuse(r))
        result = self.ws.upload(gateway, "--max-failures", "5", "--in-flight", "2")
        self.assertExit(result, 4)
        self.assertSays(result, "--max-failures")
        rejected = self.ws.read_manifest()["outcomes"]["rejected"]["rows"]
        self.assertIn(rejected, range(5, 8))
        self.assertTrueReport(gateway.journal)

    def test_max_failures_counts_this_start_only(self):
        self.ws.export(claim_rows(60))
        gateway = self.gateway(lambda r: accept(r) if r.number % 2 else refuse(r))
        for _ in range(2):
            self.assertExit(
                self.ws.upload(gateway, "--max-failures", "5", "--in-flight", "2"), 4
            )
        self.assertIn(self.ws.read_manifest()["outcomes"]["rejected"]["rows"], range(10, 15))

    def test_max_failures_in_percent_is_judged_from_100_answers_on(self):
        self.ws.export(claim_rows(300))
        gateway = self.gateway(lambda r: accept(r) if r.number % 3 else refuse(r))
        result = self.ws.upload(gateway, "--max-failures", "20%", "--in-flight", "4")
        self.assertExit(result, 4)
        outcomes = self.ws.read_manifest()["outcomes"]
        answered = outcomes["accepted"]["rows"] + outcomes["rejected"]["rows"]
        self.assertIn(answered, range(100, 113))
        again = self.ws.upload(gateway, "--max-failures", "40%", "--in-flight", "4")
        self.assertExit(again, 1)

    def test_max_failures_leaves_out_rows_that_were_not_sent(self):
        self.ws.export(claim_rows(10), name="first.csv")
        gateway = self.gateway(lambda r: Reply(then="close"))
        self.assertExit(self.ws.upload(gateway, claims="first.csv"), 3)
        gateway.script = accept
        self.ws.export(claim_rows(20))
        self.assertExit(self.ws.upload(gateway, "--max-failures", "5"), 3)
        self.assertTally({"accepted": 10, "unknown": 10})

    def test_require_valid_sends_nothing_if_one_row_is_invalid(self):
        self.ws.export(claim_rows(3) + [claim_row(4, claim_fee="x")])
        gateway = self.gateway()
        result = self.ws.upload(gateway, "--require-valid")
        self.assertExit(result, 4)
        self.assertSays(result, "nothing was sent")
        self.assertEqual(gateway.requests, [])
        self.assertTally({"unsent": 3, "invalid": 1})
        self.assertTrueReport([])
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertTally({"accepted": 3, "invalid": 1})

    def test_control_totals_refuse_a_file_that_differs(self):
        self.ws.export(claim_rows(3))  # 101 + 102 + 103 fen
        gateway = self.gateway()
        for options in (("--expect-rows", "4"), ("--expect-fee", "305"), ("--expect-rows", "0")):
            with self.subTest(options):
                result = self.ws.upload(gateway, *options)
                self.assertExit(result, 65)
                self.assertSays(result, options[0], "nothing was sent")
                self.assertFalse(os.path.exists(self.ws.report))
        self.assertEqual(gateway.requests, [])
        self.assertExit(self.ws.upload(gateway, "--expect-rows", "3", "--expect-fee", "306"), 0)

    def test_a_file_of_fewer_rows_than_said_is_refused_before_anything_is_sent(self):
        gateway = self.gateway()
        for rows in (2, 0):
            with self.subTest(rows):
                self.ws.export(claim_rows(rows))
                result = self.ws.upload(gateway, "--min-rows", "3")
                self.assertExit(result, 65)
                self.assertSays(result, f"{rows} rows", "--min-rows", "nothing was sent")
                self.assertExit(self.ws.upload(gateway, "--min-rows", "3", "--dry-run"), 65)
                self.assertFalse(os.path.exists(self.ws.report))
                self.assertFalse(os.path.exists(self.ws.file("ledger.db")))
        self.assertEqual(gateway.requests, [])
        self.ws.export(claim_rows(2) + [claim_row(3, claim_status="7")])
        self.assertExit(self.ws.upload(gateway, "--min-rows", "3"), 1)
        self.assertEqual(len(gateway.requests), 2)

    def test_fewer_rows_than_configured_are_refused_and_a_list_of_problems_is_no_export(self):
        gateway = self.gateway()
        rows = claim_rows(3)
        self.ws.export(rows[:2] + [claim_row(3, claim_time="2022-12-40 10:00:00")])
        self.ws.write("office.conf", "[run]\nmin-rows = 3\n", mode=0o600)
        options = ("--config", "office.conf")
        self.assertExit(self.ws.run("check", "claims.csv", *options, "-o", "problems.csv"), 1)
        self.assertExit(self.ws.upload(gateway, *options), 1)
        with open(self.ws.file("problems.csv"), encoding="utf-8-sig", newline="") as file:
            corrected = file.read().replace("2022-12-40", "2022-12-10")
        self.ws.write("problems.csv", corrected.encode())
        self.assertExit(self.ws.upload(gateway, *options, claims="problems.csv"), 0)
        self.ws.export(rows[:2], name="short.csv")
        for command in ("check", "upload"):
            result = self.ws.run(
                *self.ws.upload_arguments(gateway, *options, claims="short.csv")
            ) if command == "upload" else self.ws.run("check", "short.csv", *options)
            self.assertExit(result, 65)
            self.assertSays(result, "--min-rows")
        self.assertExit(self.ws.upload(gateway, *options, "--min-rows", "2", claims="short.csv"), 0)
        self.assertEqual(len(gateway.requests), 3)

    def test_max_fee_makes_a_row_above_it_invalid(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        result = self.ws.upload(gateway, "--max-fee", "102")
        self.assertExit(result, 1)
        self.assertTally({"accepted": 2, "invalid": 1})
        line = self.ws.read_report()[2]
        self.assertEqual(line["code"], "MAX_FEE")
        self.assertIn("103", line["message"])
        self.assertIn("102", line["message"])


class PaceTest(UploadCase):
    def assertRate(self, moments, rate, window=1.0):
        """No sliding second holds more than `rate`; the clock of the receiver may lag a little."""
        moments = sorted(moments)
        for first, last in zip(moments, moments[rate:]):
            self.assertGreaterEqual(last - first, window - LAG_S)

    def test_rate_holds_in_every_sliding_second(self):
        self.ws.export(claim_rows(70))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--rate", "20", "--in-flight", "8"), 0)
        self.assertRate([r.began for r in gateway.requests], 20)
        self.assertTrueReport(gateway.journal)

    def test_a_slow_server_does_not_lower_the_rate(self):
        """Calls count when they leave: more than a second's worth are on the wire unanswered."""
        self.ws.export(claim_rows(30))
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.gateway(lambda request: held.wait(60) and accept(request))
        run = self.ws.start_upload(gateway, "--rate", "10", "--in-flight", "64")
        gateway.wait_for_requests(25)
        held.set()
        self.assertExit(run.finish(), 0)
        self.assertRate([r.began for r in gateway.requests], 10)
        self.assertTrueReport(gateway.journal)

    def test_the_rate_holds_over_the_starts_of_a_run(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(number):
                self.ws.export(claim_rows(30, first=1 + 100 * int(number)))
                gateway = self.gateway()
                options = ("--rate", "10", "--in-flight", "4", "--overwrite")
                for count in (5, 13):
                    run = self.ws.start_upload(gateway, *options)
                    gateway.wait_for_requests(count)
                    run.send_signal(number)
                    run.finish()
                self.ws.upload(gateway, *options)
                self.assertRate([r.began for r in gateway.requests], 10)

    def test_the_rate_holds_over_many_kills_within_a_second(self):
        """Each start may have sent what it had pending, and tells of its own instead."""
        self.ws.export(claim_rows(200))
        gateway = self.gateway()
        options = ("--rate", "20", "--in-flight", "4", "--workers", "1")
        for _ in range(10):
            seen = len(gateway.requests)
            run = self.ws.start_upload(gateway, *options)
            gateway.wait_for_requests(seen + 1)
            run.send_signal(signal.SIGKILL)
            run.finish()
        self.assertRate([r.began for r in gateway.requests], 20)

    def test_rate_counts_retries(self):
        self.ws.export(claim_rows(15))
        gateway = self.gateway(
            lambda r: Reply(http(error_body(10))) if r.number <= 15 else accept(r)
        )
        self.assertExit(self.ws.upload(gateway, "--rate", "10", "--in-flight", "8"), 0)
        self.assertGreaterEqual(len(gateway.requests), 30)
        self.assertRate([r.began for r in gateway.requests], 10)

    def test_rate_holds_over_two_runs_that_share_the_ledger(self):
        self.ws.export(claim_rows(30))
        self.ws.export(claim_rows(30, first=1000), name="other.csv")
        gateway = self.gateway()
        one = self.ws.start_upload(gateway, "--rate", "15")
        other = self.ws.start_upload(gateway, "--rate", "15", claims="other.csv")
        self.assertExit(one.finish(), 0)
        self.assertExit(other.finish(), 0)
        self.assertEqual(len(gateway.requests), 60)
        self.assertRate([r.began for r in gateway.requests], 15)

    def test_a_daily_quota_of_our_own_stops_the_run_and_holds_over_starts(self):
        self.ws.export(claim_rows(10))
        gateway = self.gateway()
        result = self.ws.upload(gateway, "--daily-quota", "4")
        self.assertExit(result, 75)
        self.assertSays(result, "--daily-quota", "Beijing time")
        self.assertEqual(len(gateway.requests), 4)
        self.assertTally({"accepted": 4, "unsent": 6})
        self.assertExit(self.ws.upload(gateway, "--daily-quota", "7"), 75)
        self.assertEqual(len(gateway.requests), 7)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertTrueReport(gateway.journal, starts=3)

    def test_a_flow_limit_of_the_gateway_costs_time_and_no_row(self):
        self.ws.export(claim_rows(60))
        sandbox = self.sandbox("--flow-limit", "30")
        result = self.ws.upload(sandbox, "--in-flight", "4", "--retries", "0")
        self.assertExit(result, 0)
        self.assertTrueReport(sandbox.journal)
        bans = [e for e in sandbox.journal if oracle.answer_class(e) == "ban"]
        self.assertTrue(bans, "the limit was never reached: the test shows nothing")
        for ban in bans:
            inside = [
                e
                for e in sandbox.journal
                if ban["at_ms"] + 150 < e["at_ms"] < ban["at_ms"] + 900
            ]
            self.assertEqual(inside, [], "somebody sent inside the ban")


class HttpsTest(UploadCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(5))

    def test_the_sandbox_is_trusted_by_its_certificate(self):
        sandbox = self.sandbox(tls=True)
        self.assertTrue(sandbox.url.startswith("https://"))
        self.assertExit(self.ws.upload(sandbox, "--ca-file", sandbox.certificate), 0)
        self.assertTrueReport(sandbox.journal)

    def test_it_is_refused_without_and_nothing_is_sent(self):
        sandbox = self.sandbox(tls=True)
        result = self.ws.upload(sandbox)
        self.assertExit(result, 69)
        self.assertSays(result, "certificate", "next: ")
        self.assertTally({"unsent": 5})
        self.assertEqual(sandbox.journal, [])
        self.assertExit(self.ws.upload(sandbox, "--ca-file", sandbox.certificate), 0)
        self.assertTrueReport(sandbox.journal, starts=2)

    def test_wrong_certificates_are_refused_though_their_maker_is_trusted(self):
        for kind in ("expired", "other-host"):
            with self.subTest(kind), Sandbox(
                self.ws, "--certificate", kind, tls=True
            ) as sandbox:
                result = self.ws.upload(
                    sandbox, "--ca-file", sandbox.certificate, "-o", kind + ".csv"
                )
                self.assertExit(result, 69)
                self.assertTally({"unsent": 5}, kind + ".csv")
                self.assertEqual(sandbox.journal, [])

    def test_a_handshake_that_fails_at_times_costs_no_attempt(self):
        self.ws.export(claim_rows(40))
        sandbox = self.sandbox(
            "--fault", "tls-handshake-fail=40%", "--fault", "http-503=1%", "--seed", "3", tls=True
        )
        result = self.ws.upload(
            sandbox, "--ca-file", sandbox.certificate, "--in-flight", "2", "--outage-patience", "30"
        )
        self.assertIn(result.code, (0, 3), repr(result))
        self.assertTrueReport(sandbox.journal)
        self.assertIn("tls-handshake-fail", {e["fault"] for e in sandbox.journal})
        self.assertEqual({line["attempts"] for line in self.ws.read_report()}, {"1"})


class ReportPathTest(UploadCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(2))

    def test_o_names_the_report(self):
        self.assertExit(self.ws.upload(self.gateway(), "-o", "here.csv"), 0)
        self.assertTally({"accepted": 2}, "here.csv")
        self.assertTrue(os.path.exists(self.ws.file("here.csv.manifest.json")))
        self.assertFalse(os.path.exists(self.ws.report))

    def test_what_is_kept_is_not_written_to_standard_output(self):
        gate = self.gateway()
        for option in ("-o", "--metrics", "--ledger"):
            self.assertExit(self.ws.upload(gate, option, "-"), 2)
        for option in ("--backup", "--move-to"):
            self.assertExit(self.ws.run("status", option, "-"), 2)
        self.assertEqual((gate.requests, os.path.exists(self.ws.file("-"))), ([], False))
        self.assertExit(self.ws.upload(gate, "-o", "./-"), 0)

    def test_an_export_without_the_ending_csv_gets_it_appended(self):
        self.ws.export(claim_rows(2), name="claims.txt")
        self.assertExit(self.ws.upload(self.gateway(), claims="claims.txt"), 0)
        self.assertTally({"accepted": 2}, "claims.txt.report.csv")

    def test_the_report_of_another_export_is_not_overwritten(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "-o", "same.csv"), 0)
        before = file_digest(self.ws.file("same.csv"))
        run = self.ws.read_manifest("same.csv")["run"]
        self.ws.export(claim_rows(2, first=50), name="other.csv")
        result = self.ws.upload(gateway, "-o", "same.csv", claims="other.csv")
        self.assertExit(result, 73)
        self.assertSays(result, "nothing was sent", "--overwrite", "same.csv")
        self.assertEqual(file_digest(self.ws.file("same.csv")), before)
        self.assertEqual(len(gateway.requests), 2)
        self.assertExit(
            self.ws.upload(gateway, "-o", "same.csv", "--overwrite", claims="other.csv"), 0
        )
        self.assertEqual(file_digest(self.ws.file(f"same.{run}.csv")), before)

    def test_a_file_that_is_no_report_is_not_overwritten(self):
        self.ws.write("claims.report.csv", "notes of mine\n")
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 73)
        self.assertEqual(self.ws.read_text(self.ws.report), "notes of mine\n")
        self.assertEqual(gateway.requests, [])

    def test_a_symbolic_link_at_the_report_path_is_refused(self):
        target = self.ws.write("precious", "mine\n")
        for name in ("claims.report.csv", "claims.report.csv.partial"):
            with self.subTest(name):
                os.symlink(target, self.ws.file(name))
                gateway = self.gateway()
                self.assertExit(self.ws.upload(gateway, "--overwrite"), 73)
                self.assertEqual(gateway.requests, [])
                with open(target, encoding="utf-8") as file:
                    self.assertEqual(file.read(), "mine\n")
                os.unlink(self.ws.file(name))

    def test_the_export_is_never_replaced_by_its_report(self):
        for claims, report in (("claims.csv", "claims.csv"), ("a.csv.partial", "a.csv")):
            with self.subTest(claims):
                self.ws.export(claim_rows(2), claims)
                gateway = self.gateway()
                result = self.ws.upload(gateway, "-o", report, "--overwrite", claims=claims)
                self.assertExit(result, 73)
                self.assertSays(result, "would take the place of the export itself")
                self.assertEqual(self.ws.read_text(claims), export_text(claim_rows(2)))
                self.assertEqual(gateway.requests, [])

    def test_a_folder_that_is_not_there_is_told_before_anything_is_sent(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "-o", "nowhere/report.csv"), 73)
        self.assertExit(self.ws.upload(gateway, "--ledger", "claims.csv/ledger.db"), 73)
        self.assertEqual(gateway.requests, [])

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_sent(self):
        os.mkdir(self.ws.file("closed"), stat.S_IRUSR | stat.S_IXUSR)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "-o", "closed/report.csv"), 73)
        self.assertEqual(gateway.requests, [])

    def test_the_ledger_has_its_default_place(self):
        gateway = self.gateway()
        arguments = list(self.ws.upload_arguments(gateway))
        at = arguments.index("--ledger")
        del arguments[at : at + 2]
        for variable, expected in (
            ("STATE_DIRECTORY", "ledger.db"),
            ("XDG_STATE_HOME", "claimbatch/ledger.db"),
        ):
            with self.subTest(variable):
                state = self.ws.file("state-" + variable)
                os.mkdir(state, 0o700)
                env = self.ws.environment(**{variable: state})
                result = self.ws.run(*arguments, "--overwrite", *NEW_LEDGER, env=env)
                self.assertExit(result, 0)
                self.assertTrue(os.path.exists(os.path.join(state, expected)))


class DryRunTest(UploadCase):
    def test_a_dry_run_sends_nothing_writes_nothing_and_masks_the_secret(self):
        self.ws.export(claim_rows(3) + [claim_row(9, claim_fee="x")])
        gateway = self.gateway()
        before = sorted(os.listdir(self.ws.path))
        result = self.ws.upload(gateway, "--dry-run")
        self.assertIn(result.code, (0, 1), repr(result))
        self.assertEqual(gateway.requests, [])
        self.assertEqual(sorted(os.listdir(self.ws.path)), before)
        words = result.out + result.err
        self.assertIn("3", words)
        self.assertIn("3.06", words)
        self.assertIn("CL00000001", words)
        self.assertNotIn(APP_SECRET, words)

    def test_a_dry_run_after_a_run_sees_what_is_left_and_changes_nothing(self):
        self.ws.export(claim_rows(10))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "4"), 4)
        before = file_digest(self.ws.report)
        result = self.ws.upload(gateway, "--dry-run")
        self.assertIn("6", result.out + result.err)
        self.assertEqual(len(gateway.requests), 4)
        self.assertEqual(file_digest(self.ws.report), before)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 10)


if __name__ == "__main__":
    unittest.main()
