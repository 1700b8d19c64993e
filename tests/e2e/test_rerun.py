"""Rows of a report sent again, and only those that may be (contract sections 1, 3, 4, 5 and 7)."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import unittest

from harness import (
    APP_KEY,
    FIELDS,
    NEW_LEDGER,
    FreshWorkspace,
    TestCase,
    accept,
    claim_digest,
    claim_row,
    claim_rows,
    export_text,
    fail,
    file_digest,
    lose,
    refuse,
)

WORDS = ("--by", "claims-desk", "--reason", "the support says it is not there")
FIRST = "claims.report.rerun-1.csv"
SECOND = "claims.report.rerun-2.csv"


def name_of(number):
    return f"CL{number:08d}"


class RerunCase(TestCase):
    """An upload of which some rows were not accepted. Claims answer as `plan` says, by number."""

    def setUp(self):
        super().setUp()
        self.plan = {}
        self.web = self.gateway(self.answer)

    def answer(self, request):
        return self.plan.get(request.key[1], accept)(request)

    def upload(self, *options, **how):
        return self.ws.upload(self.web, "--retries", 0, *options, **how)

    def upload_rows(self, rows, code=None, **plan):
        """Uploads the rows; n3=refuse says what comes of claim 3. Afterwards all are accepted."""
        self.ws.export(rows)
        self.plan = {name_of(int(name[1:])): script for name, script in plan.items()}
        result = self.upload()
        if code is not None:
            self.assertExit(result, code)
        self.plan = {}
        self.sent = len(self.web.requests)
        return result

    def arguments(self, *options, report="claims.report.csv", ledger="ledger.db", gateway=None):
        upload = self.ws.upload_arguments(gateway or self.web, *options, ledger=ledger)
        return ("rerun", report) + upload[2:]

    def rerun(self, *options, report="claims.report.csv", ledger="ledger.db", gateway=None, **how):
        return self.ws.run(
            *self.arguments(*options, report=report, ledger=ledger, gateway=gateway), **how
        )

    def start_rerun(self, *options, **how):
        return self.ws.start(*self.arguments(*options, **how))

    def sent_since(self):
        """The claims on the wire since this was asked last."""
        names = [request.key[1] for request in self.web.requests[self.sent :]]
        self.sent = len(self.web.requests)
        return names

    def lines(self, report="claims.report.csv"):
        return {int(line["row"]): line for line in self.ws.read_report(report)}

    def outcomes(self, report="claims.report.csv"):
        return {int(line["row"]): line["outcome"] for line in self.ws.read_report(report)}

    def edit(self, *pairs, report="claims.report.csv"):
        """Replaces texts in the report, each of which must be there once."""
        data = self.ws.read(report)
        for old, new in pairs:
            self.assertEqual(data.count(old.encode()), 1, old)
            data = data.replace(old.encode(), new.encode())
        self.ws.write(report, data, 0o600)

    def edit_line(self, row, *pairs, report="claims.report.csv"):
        """The same within the line of one row."""
        lines = self.ws.read(report).decode().split("\n")
        (at,) = [i for i, line in enumerate(lines) if line.startswith(f"{row},")]
        for old, new in pairs:
            self.assertIn(old, lines[at])
            lines[at] = lines[at].replace(old, new, 1)
        self.ws.write(report, "\n".join(lines), 0o600)

    def reports(self):
        return sorted(n for n in os.listdir(self.ws.path) if n.endswith(".csv") and "report" in n)

    def assertRefused(self, result, code, *pieces):
        """Nothing was sent, nothing was written, and it says so."""
        self.assertExit(result, code)
        self.assertSays(result, "nothing was sent", *pieces)
        self.assertEqual(self.sent_since(), [])
        self.assertFalse([n for n in self.reports() if "rerun" in n], repr(result))


def failing(code=1):
    return fail(code)


class TakenTest(RerunCase):
    """Which rows are taken, and what the report of a rerun says."""

    def upload_one_of_each(self):
        """Rows 2 accepted, 3 failed, 4 rejected, 5 unknown, 6 invalid, 7 skipped."""
        rows = claim_rows(5) + [claim_row(1)]
        rows[4]["claim_fee"] = "x"
        self.upload_rows(rows, 3, n2=failing(), n3=refuse, n4=lose)
        self.assertEqual(
            list(self.outcomes().values()),
            ["accepted", "failed", "rejected", "unknown", "invalid", "skipped"],
        )

    def test_failed_and_unsent_rows_are_taken_with_their_own_numbers(self):
        self.upload_rows(claim_rows(4), None, n1=failing(), n3=fail(11))
        was = self.lines()
        open_rows = [row for row, line in was.items() if line["outcome"] in ("failed", "unsent")]
        self.assertIn(2, open_rows)
        self.assertIn(4, open_rows)
        result = self.rerun()
        self.assertExit(result, 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(row - 1) for row in open_rows])
        lines = self.lines(FIRST)
        self.assertEqual(list(lines), open_rows)
        for row, line in lines.items():
            self.assertEqual(line["outcome"], "accepted")
            for name in ("digest",) + FIELDS:
                self.assertEqual(line[name], was[row][name])
        self.assertSays(result, "next: nothing is left to do")

    def test_others_are_left_and_said(self):
        self.upload_one_of_each()
        result = self.rerun()
        self.assertExit(result, 0)
        self.assertEqual(self.sent_since(), [name_of(2)])
        self.assertEqual(list(self.lines(FIRST)), [3])
        self.assertSays(
            result,
            "1 row taken, 1 failed",
            "1 accepted, 1 rejected, 1 unknown, 1 invalid, 1 skipped",
        )

    def test_the_manifest_names_its_parent(self):
        self.upload_one_of_each()
        self.assertExit(self.rerun(), 0)
        parent = self.ws.read_manifest()
        manifest = self.ws.read_manifest(FIRST)
        self.assertEqual(manifest["parent_run"], parent["run"])
        self.assertNotEqual(manifest["run"], parent["run"])
        self.assertEqual(manifest["command"], "rerun")
        self.assertEqual(manifest["input"]["name"], "claims.report.csv")
        self.assertEqual(manifest["input"]["sha256"], file_digest(self.ws.report))
        self.assertEqual(manifest["report"]["rows"], 1)
        self.assertTrue(manifest["complete"])
        self.assertEqual(self.ws.mode(FIRST), 0o600)

    def test_rejected_and_unknown_rows_only_as_said(self):
        for include, words, sent in (
            ("rejected", (), [2, 3]),
            ("unknown", WORDS, [2, 4]),
            ("rejected,unknown", WORDS, [2, 3, 4]),
            ("unknown,rejected", WORDS, [2, 3, 4]),
        ):
            with self.subTest(include), FreshWorkspace(self):
                self.upload_one_of_each()
                self.assertExit(self.rerun("--include", include, *words), 0)
                self.assertEqual(sorted(self.sent_since()), [name_of(n) for n in sent])
                self.assertEqual(set(self.outcomes(FIRST).values()), {"accepted"})
                self.assertIn("--include", self.ws.read_manifest(FIRST)["command"])

    def test_unknown_rows_need_a_name_and_a_reason_which_are_recorded(self):
        self.upload_one_of_each()
        for words in ((), WORDS[:2], WORDS[2:]):
            self.assertRefused(self.rerun("--include", "unknown", *words), 2, "--by NAME")
        self.assertRefused(self.rerun(*WORDS), 2, "--include unknown")
        self.assertRefused(self.rerun("--include", "accepted"), 2, "rejected, unknown")
        self.assertExit(self.rerun("--include", "unknown", *WORDS), 0)
        with sqlite3.connect(self.ws.ledger) as database:
            rounds = database.execute("select by, reason from round").fetchall()
        database.close()
        self.assertEqual(rounds, [(WORDS[1], WORDS[3])])

    def test_the_export_may_be_gone(self):
        self.upload_one_of_each()
        os.unlink(self.ws.claims)
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])

    def test_contents_go_out_exactly_as_they_first_did(self):
        texts = ["=1+1", "'=1+1", "''+2", "＝汉字", "a\"b,c\nd", "\t=x", "-1", "@cmd|x", "𠮷"]
        rows = [
            claim_row(n, claim_desc=text, claim_status="2", claim_fee="0")
            for n, text in enumerate(texts, 1)
        ]
        rows.append(claim_row(20, claim_order_no="-CL 20"))
        rows.append(claim_row(21, claim_order_no="@00021", claim_fee="9223372036854775807"))
        self.ws.export(rows)
        self.web.script = failing()
        self.assertExit(self.upload(), 1)
        first = {request.key: request.claim_text for request in self.web.requests}
        self.web.script = accept
        self.sent = len(self.web.requests)
        self.assertExit(self.rerun(), 0)
        again = {request.key: request.claim_text for request in self.web.requests[self.sent :]}
        self.assertEqual(again, first)
        self.assertEqual(len(first), len(rows))
        for row, line in self.lines(FIRST).items():
            self.assertEqual(line["digest"], claim_digest(line[name] for name in FIELDS))

    def test_warnings_of_the_rules_come_along_and_those_of_the_run_do_not(self):
        self.ws.export([claim_row(1, claim_count="2"), claim_row(2)])
        self.assertExit(self.upload(), 0)
        self.ws.export([claim_row(1, claim_count="3"), claim_row(2, claim_fee="9")], "b.csv")
        self.web.script = failing()
        self.assertExit(self.upload(claims="b.csv"), 1)
        self.web.script = accept
        warned = self.lines("b.report.csv")
        self.assertEqual(warned[2]["warnings"], "COUNT_NOT_ONE;CHANGED_SINCE_ACCEPTED")
        self.assertExit(self.rerun(report="b.report.csv"), 0)
        again = self.lines("b.report.rerun-1.csv")
        self.assertEqual(again[2]["warnings"], "COUNT_NOT_ONE;CHANGED_SINCE_ACCEPTED")
        self.assertEqual(again[3]["warnings"], "CHANGED_SINCE_ACCEPTED")


class NothingTest(RerunCase):
    """Reports of which no row is to be sent."""

    def nothing(self, code, *pieces):
        before = self.reports()
        result = self.rerun()
        self.assertExit(result, code)
        self.assertSays(result, "no row of the report is to be sent: nothing was sent", *pieces)
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.reports(), before)
        with sqlite3.connect(self.ws.ledger) as database:
            (runs,) = database.execute("select count(*) from run").fetchone()
        database.close()
        self.assertEqual(runs, 1)

    def test_all_accepted(self):
        self.upload_rows(claim_rows(2), 0)
        self.nothing(0, "next: nothing is left to do")

    def test_an_empty_report(self):
        self.upload_rows([], 0)
        self.nothing(0, "next: nothing is left to do")

    def test_rejected_rows_are_for_the_export(self):
        self.upload_rows(claim_rows(2), 1, n2=refuse)
        self.nothing(1, "next: ", "--include rejected", "correct the export")

    def test_invalid_rows_are_for_the_export(self):
        self.upload_rows([claim_row(1), claim_row(2, claim_fee="x")], 1)
        self.nothing(1, "next: ", "correct the export")

    def test_unknown_rows_are_for_resolve(self):
        self.upload_rows(claim_rows(2), 3, n2=lose)
        self.nothing(3, "next: ", "claimbatch resolve claims.report.csv")


class AgainTest(RerunCase):
    """The same rerun again, reruns of reruns, and what came between."""

    def test_the_same_again_sends_nothing(self):
        self.upload_rows(claim_rows(4), 1, n2=failing(), n3=failing())
        self.assertExit(self.rerun(), 0)
        self.sent_since()
        before = file_digest(self.ws.file(FIRST))
        again = self.rerun()
        self.assertExit(again, 0)
        self.assertSays(again, "nothing is left to send")
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.reports(), ["claims.report.csv", FIRST])
        self.assertEqual(file_digest(self.ws.file(FIRST)), before)

    def test_the_same_again_goes_on_after_a_limit(self):
        self.upload_rows(claim_rows(5), 1, n1=failing(), n2=failing(), n3=failing())
        result = self.rerun("--limit", 1)
        self.assertExit(result, 4)
        self.assertSays(result, "next: ", "without --limit")
        self.assertNotIn("--limit 1", result.err.partition("next: ")[2])
        self.assertEqual(self.sent_since(), [name_of(1)])
        self.assertEqual(self.outcomes(FIRST), {2: "accepted", 3: "unsent", 4: "unsent"})
        self.assertExit(self.rerun(), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(2), name_of(3)])
        self.assertEqual(set(self.outcomes(FIRST).values()), {"accepted"})
        self.assertEqual(self.reports(), ["claims.report.csv", FIRST])

    def test_the_same_again_tries_what_failed_again(self):
        self.upload_rows(claim_rows(2), 1, n2=failing())
        self.plan = {name_of(2): failing()}
        result = self.rerun("--retries", 0)
        self.assertExit(result, 1)
        self.assertEqual(self.outcomes(FIRST), {3: "failed"})
        self.plan = {}
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.outcomes(FIRST), {3: "accepted"})
        self.assertEqual(len(self.sent_since()), 2)

    def test_a_rerun_of_a_rerun(self):
        self.upload_rows(claim_rows(4), 1, n2=failing(), n3=failing())
        self.plan = {name_of(3): failing()}
        self.assertExit(self.rerun("--retries", 0), 1)
        self.plan = {}
        self.sent_since()
        self.assertExit(self.rerun(report=FIRST), 0)
        self.assertEqual(self.sent_since(), [name_of(3)])
        self.assertEqual(self.outcomes(SECOND), {4: "accepted"})
        self.assertEqual(
            self.ws.read_manifest(SECOND)["parent_run"], self.ws.read_manifest(FIRST)["run"]
        )
        # The first report is behind, the ledger is not: what is accepted is not sent again.
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.lines(FIRST)[4]["code"], "ALREADY_ACCEPTED")

    def test_another_selection_is_another_run_with_a_report_of_its_own(self):
        self.upload_rows(claim_rows(4), 1, n2=failing(), n3=refuse)
        self.assertExit(self.rerun(), 0)
        self.assertExit(self.rerun("--include", "rejected"), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(2), name_of(3)])
        self.assertEqual(self.outcomes(FIRST), {3: "accepted"})
        self.assertEqual(self.outcomes(SECOND), {3: "skipped", 4: "accepted"})

    def test_a_rejection_is_not_sent_again_by_the_same_rerun(self):
        self.upload_rows(claim_rows(2), 1, n2=refuse)
        self.plan = {name_of(2): refuse}
        for _ in range(2):
            self.assertExit(self.rerun("--include", "rejected"), 1)
        self.assertEqual(self.sent_since(), [name_of(2)])

    def test_what_the_export_sent_meanwhile_is_not_sent_again(self):
        self.upload_rows(claim_rows(3), 1, n2=failing(), n3=failing())
        shutil.copy(self.ws.report, self.ws.file("old.csv"))
        shutil.copy(self.ws.report + ".manifest.json", self.ws.file("old.csv.manifest.json"))
        self.assertExit(self.upload(), 0)
        self.sent_since()
        self.assertExit(self.rerun(report="old.csv"), 0)
        self.assertEqual(self.sent_since(), [])
        codes = {line["code"] for line in self.lines("old.rerun-1.csv").values()}
        self.assertEqual(codes, {"ALREADY_ACCEPTED"})
        # And the other way round.
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.sent_since(), [])

    def test_the_upload_afterwards_knows_what_the_rerun_did(self):
        self.upload_rows(claim_rows(3), 1, n2=failing(), n3=failing())
        self.assertExit(self.rerun(), 0)
        self.sent_since()
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.lines()[3]["code"], "ALREADY_ACCEPTED")

    def test_after_a_resolve_the_report_is_another_one(self):
        self.upload_rows(claim_rows(4), 3, n2=failing(), n3=lose)
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])
        settled = self.ws.run(
            "resolve", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url,
            "--row", 4, "--as", "not-executed", *WORDS,
        )  # fmt: skip
        self.assertExit(settled, 0)
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.sent_since(), [name_of(3)])
        self.assertEqual(self.outcomes(SECOND), {3: "skipped", 4: "accepted"})
        self.assertEqual(self.outcomes(FIRST), {3: "accepted"})


class RoundTest(RerunCase):
    """Unknown rows sent again: what is unknown stays so until it is known."""

    def resolve(self, *options, report="claims.report.csv"):
        return self.ws.run("resolve", report, "-L", "ledger.db", "-g", self.web.url, *options)

    def resend(self, *options, **how):
        return self.rerun("--include", "unknown", *WORDS, "--retries", 0, *options, **how)

    def test_a_resend_that_is_not_accepted_leaves_the_row_unknown_with_both_attempts(self):
        for script, words in ((refuse, "rejected"), (failing(), "failed"), (lose, "unknown")):
            with self.subTest(words), FreshWorkspace(self):
                self.upload_rows(claim_rows(2), 3, n1=lose)
                self.plan = {name_of(1): script}
                self.assertExit(self.resend(), 3)
                self.assertEqual(self.sent_since(), [name_of(1)])
                line = self.lines(FIRST)[2]
                self.assertEqual(line["outcome"], "unknown")
                was = self.lines()[2]
                if script is not lose:
                    self.assertIn(f"{was['code']} {was['message']}", line["message"])
                    self.assertIn(f"sent again, and {words}", line["message"])
                self.plan = {}
                self.assertExit(self.rerun(report=FIRST), 3)
                self.assertEqual(self.sent_since(), [])

    def test_rows_that_were_not_sent_again_are_still_unknown(self):
        self.upload_rows(claim_rows(4), 3, n1=lose, n2=lose, n3=failing())
        result = self.resend("--limit", 1)
        self.assertExit(result, 4)
        self.assertEqual(self.sent_since(), [name_of(1)])
        self.assertEqual(self.outcomes(FIRST), {2: "accepted", 3: "unknown", 4: "unsent"})
        line, was = self.lines(FIRST)[3], self.lines()[3]
        self.assertEqual(line["code"], "UNSETTLED")
        self.assertIn(f"{was['code']} {was['message']}", line["message"])
        self.assertExit(self.rerun(report=FIRST), 0)
        self.assertEqual(self.sent_since(), [name_of(3)])
        self.assertExit(self.ws.run("audit", FIRST, "-L", "ledger.db"), 0)
        # The same command as before goes on.
        self.assertExit(self.resend(), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])

    def test_an_attempt_is_settled_where_it_was_though_a_resend_was_put_off(self):
        quota = fail(7, "accesscontrol.limited-by-app-access-count")
        for as_ in ("accepted", "not-executed"):
            with self.subTest(as_), FreshWorkspace(self):
                self.upload_rows(claim_rows(2), 3, n1=lose)
                self.plan = {name_of(1): quota}
                self.assertExit(self.resend(), 75)
                self.assertEqual(self.sent_since(), [name_of(1)])
                self.assertEqual(self.outcomes(FIRST), {2: "unknown"})
                self.plan = {}
                settled = self.resolve("--row", 2, "--as", as_, *WORDS)
                self.assertExit(settled, 0)
                self.assertExit(self.rerun(), 0)
                self.assertEqual(self.sent_since(), [name_of(1)] if as_ == "not-executed" else [])

    def test_a_resend_that_a_kill_cut_off_is_not_repeated_by_itself(self):
        self.upload_rows(claim_rows(3), 3, n1=lose, n2=lose)
        # Both are on the wire: none has an intent that was not handed over.
        held = lambda request: self.web.released.wait() and accept(request)
        self.plan = {name_of(1): held, name_of(2): held}
        run = self.start_rerun("--include", "unknown", *WORDS)
        self.web.wait_for_requests(self.sent + 2)
        run.send_signal(signal.SIGKILL)
        run.finish()
        self.plan = {}
        self.sent_since()
        result = self.resend()
        self.assertExit(result, 3)
        self.assertSays(result, "2 rows were in flight")
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.outcomes(FIRST), {2: "unknown", 3: "unknown"})
        # Another word is another round.
        self.assertExit(self.rerun("--include", "unknown", *WORDS[:3], "asked once more"), 0)
        self.assertEqual(len(self.sent_since()), 2)


class StrangerTest(RerunCase):
    """A ledger that does not know the run of the report: only the report tells."""

    def elsewhere(self, *options, **how):
        return self.rerun(*NEW_LEDGER, "--retries", 0, *options, ledger="other.db", **how)

    def test_without_being_told_it_is_refused_and_no_ledger_is_made(self):
        self.upload_rows(claim_rows(2), 1, n2=failing())
        known = self.ws.read_manifest()["ledger_id"]
        self.assertRefused(self.rerun(ledger="other.db"), 78, "other.db", known, "--new-ledger")
        self.assertFalse(os.path.exists(self.ws.file("other.db")))
        self.ws.export(claim_rows(1, first=9), name="b.csv")
        self.assertExit(self.upload(*NEW_LEDGER, claims="b.csv", ledger="other.db"), 0)
        self.sent_since()
        other = self.ws.read_manifest("b.report.csv")["ledger_id"]
        self.assertRefused(self.rerun(ledger="other.db"), 78, known, other, "--new-ledger")

    def test_an_older_copy_of_the_ledger_is_a_stranger_too(self):
        self.ws.export(claim_rows(1, first=9), name="b.csv")
        self.assertExit(self.upload(claims="b.csv"), 0)
        copied = self.ws.run("status", "-L", "ledger.db", "--backup", "old.db")
        self.assertExit(copied, 0)
        self.upload_rows(claim_rows(2), 1, n2=failing())
        self.assertRefused(self.rerun(ledger="old.db"), 78, "older copy", "--new-ledger")
        self.assertExit(self.rerun(*NEW_LEDGER, ledger="old.db"), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])

    def test_failed_and_unsent_rows_are_sent_and_nothing_else(self):
        self.upload_rows(claim_rows(4), 3, n2=failing(), n3=refuse, n4=lose)
        os.unlink(self.ws.ledger)
        result = self.elsewhere()
        self.assertExit(result, 0)
        self.assertSays(result, "new ledger created")
        self.assertEqual(self.sent_since(), [name_of(2)])
        again = self.elsewhere()
        self.assertExit(again, 0)
        self.assertSays(again, "nothing is left to send")
        self.assertEqual(self.sent_since(), [])
        # The report of the rerun is no stranger's.
        self.assertExit(self.rerun(report=FIRST, ledger="other.db"), 0)

    def test_a_dry_run_makes_no_ledger(self):
        self.upload_rows(claim_rows(2), 1, n2=failing())
        result = self.elsewhere("--dry-run")
        self.assertExit(result, 0)
        self.assertIn("1 row ", result.out)
        self.assertFalse(os.path.exists(self.ws.file("other.db")))
        self.assertEqual(self.sent_since(), [])

    def test_rows_behind_an_unknown_one_of_their_claim_are_left(self):
        rows = [claim_row(1), claim_row(2), claim_row(1, claim_fee="7"), claim_row(3)]
        self.upload_rows(rows, 3, n1=lose, n3=failing())
        self.assertEqual(self.lines()[4]["code"], "EARLIER_ROW_OPEN")
        dry = self.elsewhere("--dry-run")
        self.assertIn("1 row ", dry.out)
        self.assertIn("held by an earlier row of the claim", dry.out)
        self.assertExit(self.elsewhere(), 1)
        self.assertEqual(self.sent_since(), [name_of(3)])
        line = self.lines(FIRST)[4]
        self.assertEqual((line["outcome"], line["code"]), ("unsent", "EARLIER_ROW_OPEN"))
        self.assertIn("row 2", line["message"])
        self.assertEqual(self.outcomes(FIRST)[5], "accepted")

    def test_both_are_taken_where_the_unknown_one_is_and_keep_their_order(self):
        rows = [claim_row(1), claim_row(1, claim_fee="7")]
        self.upload_rows(rows, 3, n1=lose)
        self.assertExit(self.elsewhere("--include", "unknown", *WORDS), 0)
        fees = [request.claim["claim_fee"] for request in self.web.requests[1:]]
        self.assertEqual(fees, [101, 7])

    def test_a_row_older_than_an_accepted_one_of_its_claim_is_left(self):
        rows = [claim_row(1), claim_row(1, claim_fee="7"), claim_row(2)]
        self.ws.export(rows)
        self.web.script = lambda r: refuse(r) if r.claim["claim_fee"] != 7 else accept(r)
        self.assertExit(self.upload(), 1)
        self.assertEqual(self.outcomes(), {2: "rejected", 3: "accepted", 4: "rejected"})
        self.web.script = accept
        self.sent = len(self.web.requests)
        result = self.elsewhere("--include", "rejected")
        self.assertExit(result, 0)
        self.assertSays(result, "1 row is left because a later row of its claim is accepted")
        self.assertEqual(self.sent_since(), [name_of(2)])
        # The ledger that knows says the same of itself, once nothing tells of the other one.
        for name in (FIRST, FIRST + ".manifest.json"):
            os.unlink(self.ws.file(name))
        self.assertExit(self.rerun("--include", "rejected"), 0)
        self.assertEqual(self.lines(FIRST)[2]["code"], "SUPERSEDED")

    def test_a_resend_that_is_rejected_leaves_the_row_unknown(self):
        self.upload_rows(claim_rows(2), 3, n1=lose)
        self.plan = {name_of(1): refuse}
        self.assertExit(self.elsewhere("--include", "unknown", *WORDS), 3)
        line = self.lines(FIRST)[2]
        self.assertEqual((line["outcome"], line["code"]), ("unknown", "UNSETTLED"))
        self.assertIn("sent again, and rejected", line["message"])
        self.plan = {}
        self.sent_since()
        self.assertExit(self.elsewhere(report=FIRST), 3)
        self.assertEqual(self.sent_since(), [])

    def test_rows_that_were_not_sent_again_are_still_unknown(self):
        quota = fail(7, "accesscontrol.limited-by-app-access-count")
        for script, options, code in ((accept, ("--limit", 0), 4), (quota, (), 75)):
            with self.subTest(code), FreshWorkspace(self):
                self.upload_rows(claim_rows(2), 3, n1=lose)
                self.plan = {name_of(1): script}
                words = ("--include", "unknown", *WORDS)
                self.assertExit(self.elsewhere(*words, *options), code)
                self.assertEqual(self.outcomes(FIRST), {2: "unknown"})
                self.plan = {}
                self.sent_since()
                self.assertExit(self.elsewhere(report=FIRST), 3)
                self.assertEqual(self.sent_since(), [])
                self.assertExit(self.elsewhere(*words), 0)
                self.assertEqual(self.sent_since(), [name_of(1)])

    def test_an_edited_report_is_not_taken_at_all(self):
        self.upload_rows(claim_rows(3), 1, n2=failing())
        self.edit_line(3, ("102", "999"))
        result = self.elsewhere("--accept-edits")
        self.assertRefused(result, 65, "row 3", "only the report tells what was sent")

    def test_outcomes_that_changed_places_are_not_taken(self):
        rows = [claim_row(1, claim_fee="5"), claim_row(2, claim_fee="5")]
        for options in ((), ("--accept-edits",)):
            with self.subTest(options), FreshWorkspace(self):
                self.upload_rows(rows, 1, n2=failing())
                self.edit_line(2, (",accepted,", ",failed,"))
                self.edit_line(3, (",failed,", ",accepted,"))
                self.assertRefused(self.elsewhere(*options), 65, "not byte for byte")
                self.assertRefused(self.rerun(), 65, "not byte for byte")


class EditTest(RerunCase):
    """Rows that a person edited in the report."""

    def setUp(self):
        super().setUp()
        self.upload_rows(claim_rows(4), 1, n2=failing(), n3=failing())

    def test_edited_rows_are_refused_by_number(self):
        self.edit_line(3, (",102,", ",999,"))
        self.edit_line(4, ("CL00000003", "CL00000333"))
        result = self.rerun()
        self.assertRefused(result, 65, "2 rows", "row 3:", "row 4:", "--accept-edits")

    def test_accepted_edits_are_sent_exactly_as_they_are(self):
        self.edit_line(3, (",102,", ",999,"))
        self.edit_line(4, (",,1,", ",=理由 '\\,1,"))
        result = self.rerun("--accept-edits")
        self.assertExit(result, 0)
        self.assertSays(result, "2 rows were edited in the report")
        claims = {r.key[1]: r.claim for r in self.web.requests[self.sent :]}
        self.assertEqual(claims[name_of(2)]["claim_fee"], 999)
        self.assertEqual(claims[name_of(3)]["claim_desc"], "=理由 '\\")
        lines = self.lines(FIRST)
        for row in (3, 4):
            line = lines[row]
            self.assertEqual(line["outcome"], "accepted")
            self.assertEqual(line["digest"], claim_digest(line[name] for name in FIELDS))
        self.assertExit(self.ws.run("audit", FIRST, "-L", "ledger.db"), 0)

    def test_edits_are_judged_by_the_rules(self):
        self.edit_line(3, (",102,", ",1e3,"))
        self.edit_line(4, (",1,2026", ",7,2026"))
        result = self.rerun("--accept-edits")
        self.assertExit(result, 1)
        self.assertEqual(self.sent_since(), [])
        lines = self.lines(FIRST)
        self.assertEqual(lines[3]["outcome"], "invalid")
        self.assertEqual(lines[3]["claim_fee"], "1e3")
        self.assertEqual((lines[4]["outcome"], lines[4]["code"]), ("invalid", "BAD_STATUS"))
        self.assertExit(self.ws.run("audit", FIRST, "-L", "ledger.db"), 0)

    def test_a_limit_that_is_set_now_holds_for_rows_as_they_were_too(self):
        result = self.rerun("--max-fee", 102)
        self.assertExit(result, 1)
        self.assertEqual(self.sent_since(), [name_of(2)])
        lines = self.lines(FIRST)
        self.assertEqual(lines[4]["outcome"], "invalid")
        self.assertEqual(lines[4]["claim_fee"], "103")

    def test_an_edit_of_a_row_that_is_not_taken_is_refused_even_then(self):
        self.edit_line(2, (",101,", ",999,"))
        result = self.rerun("--accept-edits")
        self.assertRefused(result, 65, "row 2:", "accepted, and not taken", "Correct the export")

    def test_an_outcome_is_not_for_an_editor_to_say(self):
        self.edit_line(2, (",accepted,", ",failed,"))
        for options in ((), ("--accept-edits",)):
            self.assertRefused(self.rerun(*options), 65, "outcomes were changed", "accepted")

    def test_outcomes_that_changed_places_send_nothing_twice(self):
        self.edit_line(2, (",accepted,", ",failed,"), (",101,", ",5,"))
        self.edit_line(3, (",failed,", ",accepted,"))
        # Row 2 is taken now, as an edited one; the counts agree. The ledger says what it is.
        self.assertRefused(self.rerun(), 65, "row 2:")
        self.assertExit(self.rerun("--accept-edits"), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(1), name_of(3)])
        self.assertEqual(self.lines(FIRST)[2]["warnings"], "CHANGED_SINCE_ACCEPTED")

    def test_what_no_digest_covers_is_not_edited_either(self):
        for old, new in (("refused", "REFUSED"), (",1,200,", ",2,200,"), (",200,r", ",200,x")):
            with self.subTest(old), FreshWorkspace(self):
                self.upload_rows(claim_rows(2), 1, n2=failing())
                self.edit_line(3, (old, new))
                self.assertRefused(self.rerun(), 65, "not byte for byte", "--accept-edits")

    def test_many_edits_are_counted_and_the_first_named(self):
        rows = claim_rows(15)
        with FreshWorkspace(self):
            self.ws.export(rows)
            self.web.script = failing()
            self.assertExit(self.upload(), 1)
            self.web.script = self.answer
            self.sent = len(self.web.requests)
            self.ws.write("claims.report.csv", self.ws.read("claims.report.csv").replace(b"01-02", b"01-03"), 0o600)
            result = self.rerun()
            self.assertRefused(result, 65, "15 rows", "row 11:", "and 5 more")
            self.assertNotIn("row 12:", result.err)


class DamageTest(RerunCase):
    """Reports that are cut, or that something else has saved anew: recognised and explained."""

    def setUp(self):
        super().setUp()
        rows = claim_rows(3)
        rows[1]["claim_order_no"] = "0000123456789012345"
        rows[2].update(claim_desc="理由", claim_status="2", claim_fee="0")
        self.ws.export(rows)
        self.web.script = failing()
        self.assertExit(self.upload(), 1)
        self.web.script = self.answer
        self.sent = len(self.web.requests)
        self.whole = self.ws.read("claims.report.csv")

    def damaged(self, data, *pieces, code=65):
        """The same is refused whatever is said about edits."""
        self.ws.write("claims.report.csv", data, 0o600)
        for options in ((), ("--accept-edits",), ("--include", "rejected")):
            self.assertRefused(self.rerun(*options), code, *pieces)

    def test_a_cut_report(self):
        lines = self.whole.split(b"\n")
        self.damaged(self.whole[:-40], "is cut", "whole report")
        self.damaged(self.whole[:-1], "is cut")
        self.damaged(b"\n".join(lines[:-2]) + b"\n", "number of rows, 2", "manifest says, 3", "cut")
        self.damaged(b"", "is empty")
        self.damaged(lines[0] + b"\n", "number of rows, 0", "manifest says, 3")

    def test_rows_moved_doubled_or_removed(self):
        lines = self.whole.split(b"\n")
        self.damaged(b"\n".join(lines[:2] + [lines[3], lines[2], b""]), "moved")
        self.damaged(b"\n".join(lines[:2] + [lines[1]] + lines[2:]), "doubled")
        self.damaged(b"\n".join(lines[:2] + lines[3:]), "rows were removed")

    def test_a_row_with_a_cell_too_many(self):
        lines = self.whole.split(b"\n")
        self.damaged(b"\n".join([lines[0], lines[1] + b",x"] + lines[2:]), "line 2", "cells")

    def test_another_file(self):
        self.damaged(export_text(claim_rows(2)).encode(), "is no report")

    def test_what_excel_saves(self):
        """Every change alone, and all at once as Excel in Chinese makes them."""
        text = self.whole.decode("utf-8-sig")
        bom = "\ufeff"
        for name, data, pieces in (
            ("no byte order mark", text.encode(), ("byte order mark is gone",)),
            ("gbk", text.encode("gbk"), ("gb18030", "spreadsheet")),
            ("utf-16", text.encode("utf-16"), ("utf-16", "spreadsheet")),
            ("crlf", (bom + text).replace("\n", "\r\n").encode(), ("CRLF",)),
            ("semicolons", (bom + text).replace(",", ";").encode(), ("';'",)),
            ("tabs", (bom + text).replace(",", "\t").encode(), ("tab",)),
            (
                "all",
                text.replace("2026-01-02 03:04:05", "2026/1/2 3:04").replace("\n", "\r\n").encode("gbk"),
                ("gb18030", "CRLF", "times"),
            ),
        ):
            with self.subTest(name):
                self.damaged(data, *pieces, "Take the report as claimbatch wrote it")

    def test_cells_that_a_spreadsheet_damaged(self):
        for name, old, new, pieces in (
            ("zeros", "0000123456789012345", "123456789012345", ("row 3:", "leading zeros")),
            ("date", ",2026-01-02 03:04:05,", ",2026/1/2 3:04,", ("row 2:", "rewritten")),
            ("serial", ",2026-01-02 03:04:05,", ",46024.1278,", ("row 2:", "rewritten")),
            ("number", "700000000001", "7E+11", ("row 2:", "scientific")),
            ("order", "0000123456789012345", "1.23457E+14", ("row 3:", "scientific")),
        ):
            with self.subTest(name):
                text = self.whole.decode("utf-8").replace(old, new, 1)
                self.damaged(text.encode("utf-8"), *pieces, "never taken")

    def test_a_report_without_manifest_or_of_another_platform(self):
        manifest = self.ws.report + ".manifest.json"
        os.rename(manifest, self.ws.file("away"))
        self.assertRefused(self.rerun(), 78, "no manifest")
        self.ws.write("claims.report.csv.manifest.json", "{}")
        self.assertRefused(self.rerun(), 65, "manifest")
        os.rename(self.ws.file("away"), manifest)
        other = self.gateway()
        result = self.rerun(gateway=other)
        self.assertRefused(result, 78, self.web.url.replace("/router/rest", ""), "platform")
        self.assertEqual(other.requests, [])

    def test_what_is_not_there_or_no_file(self):
        self.assertRefused(self.rerun(report="missing.csv"), 66, "No such file")
        os.mkdir(self.ws.file("folder"))
        self.assertRefused(self.rerun(report="folder"), 78, "no manifest")
        self.assertRefused(self.rerun(report="-"), 2, "standard input")
        self.assertRefused(self.rerun(report="claims.csv"), 78, "no manifest")

    def test_a_publication_that_was_cut_short_is_said(self):
        with FreshWorkspace(self):
            self.upload_rows(claim_rows(3), 1, n2=failing())
            old = self.ws.read("claims.report.csv.manifest.json")
            self.plan = {name_of(2): refuse}
            self.assertExit(self.upload(), 1)
            self.ws.write("claims.report.csv.manifest.json", old)
            with sqlite3.connect(self.ws.ledger) as database:
                database.execute("update run set published=0")
            database.close()
            self.sent_since()
            self.assertRefused(self.rerun(), 65, "the same command as then")


class PlaceTest(RerunCase):
    """Where the report of a rerun goes, and where not."""

    def setUp(self):
        super().setUp()
        self.upload_rows(claim_rows(3), 1, n2=failing(), n3=failing())
        self.before = self.state()

    def state(self):
        names = [n for n in os.listdir(self.ws.path) if not n.startswith("ledger.db-")]
        return {n: file_digest(self.ws.file(n)) for n in names if os.path.isfile(self.ws.file(n))}

    def assertPlaceRefused(self, *options, code=73, pieces=()):
        result = self.rerun(*options)
        self.assertExit(result, code)
        self.assertSays(result, "nothing was sent", *pieces)
        self.assertEqual(self.sent_since(), [])
        after = self.state()
        after["ledger.db"] = self.before["ledger.db"]
        self.assertEqual(after, self.before)

    def test_the_report_is_not_written_over_what_it_is_made_from(self):
        os.link(self.ws.report, self.ws.file("hard.csv"))
        self.before = self.state()
        for name in ("claims.report.csv", "./claims.report.csv", "hard.csv"):
            for options in ((), ("--overwrite",)):
                with self.subTest(name=name, options=options):
                    self.assertPlaceRefused("-o", name, *options)

    def test_nor_over_what_the_command_needs(self):
        self.ws.write("some.conf", "[run]\nretries = 1\n")
        self.before = self.state()
        for name in ("ledger.db", "secret", "some.conf"):
            for options in ((), ("--overwrite",)):
                with self.subTest(name=name, options=options):
                    self.assertPlaceRefused("-o", name, "--config", "some.conf", *options)

    def test_nor_to_a_link_or_folder_or_nowhere(self):
        os.symlink("elsewhere.csv", self.ws.file("dangling.csv"))
        os.symlink(self.ws.report, self.ws.file("link.csv"))
        os.mkdir(self.ws.file("folder"))
        self.before = self.state()
        for name in ("dangling.csv", "link.csv", "folder", "missing/x.csv"):
            for options in ((), ("--overwrite",)):
                with self.subTest(name=name, options=options):
                    self.assertPlaceRefused("-o", name, *options)
        self.assertTrue(os.path.islink(self.ws.file("link.csv")))
        self.assertFalse(os.path.exists(self.ws.file("elsewhere.csv")))

    def test_nor_over_another_file_unless_told(self):
        self.ws.write("notes.csv", "an hour's work")
        self.before = self.state()
        self.assertPlaceRefused("-o", "notes.csv", pieces=("--overwrite",))
        self.assertExit(self.rerun("-o", "notes.csv", "--overwrite"), 0)
        self.assertEqual(set(self.outcomes("notes.csv").values()), {"accepted"})

    def test_nor_over_the_report_of_another_rerun(self):
        self.plan = {name_of(2): failing()}
        self.assertExit(self.rerun("-o", "out.csv", "--retries", 0), 1)
        first = file_digest(self.ws.file("out.csv"))
        self.sent_since()
        # Of the same report another selection, and then the report as a later upload left it.
        for upload in (False, True):
            if upload:
                self.assertExit(self.upload(), 1)
                self.sent_since()
            result = self.rerun("-o", "out.csv", *(() if upload else ("--include", "rejected")))
            self.assertExit(result, 73)
            self.assertSays(result, "another rerun", "nothing was sent")
            self.assertEqual(self.sent_since(), [])
        self.assertEqual(file_digest(self.ws.file("out.csv")), first)
        self.plan = {}
        self.assertExit(self.rerun("-o", "out.csv", "--overwrite"), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])

    def test_a_report_as_a_link_is_read_and_its_reruns_stand_beside_the_link(self):
        os.mkdir(self.ws.file("links"))
        os.symlink("../claims.report.csv", self.ws.file("links/r.csv"))
        os.symlink("../claims.report.csv.manifest.json", self.ws.file("links/r.csv.manifest.json"))
        self.assertExit(self.rerun(report="links/r.csv"), 0)
        self.assertEqual(set(self.outcomes("links/r.rerun-1.csv").values()), {"accepted"})

    def test_numbers_that_are_taken_are_left_out(self):
        self.ws.write("claims.report.rerun-1.csv", "something else")
        self.ws.write("claims.report.rerun-2.csv.manifest.json", "something else")
        self.assertExit(self.rerun(), 0)
        self.assertEqual(set(self.outcomes("claims.report.rerun-3.csv").values()), {"accepted"})
        again = self.rerun()
        self.assertExit(again, 0)
        self.assertSays(again, "nothing is left to send")

    def test_names_that_are_no_csv(self):
        for ending in ("", ".manifest.json"):
            shutil.copy(self.ws.report + ending, self.ws.file("R.CSV" + ending))
            shutil.copy(self.ws.report + ending, self.ws.file("x.rerun-1" + ending))
        self.assertExit(self.rerun(report="R.CSV"), 0)
        self.assertExit(self.rerun("--include", "rejected", report="x.rerun-1"), 0)
        for name in ("R.rerun-1.csv", "x.rerun-1.csv"):
            self.assertTrue(os.path.exists(self.ws.file(name)), name)

    def test_a_number_that_another_run_has_taken_over_is_left_to_it(self):
        self.assertExit(self.rerun(), 0)
        taken = self.rerun("--include", "rejected", "-o", FIRST, "--overwrite")
        self.assertExit(taken, 0)
        other = file_digest(self.ws.file(FIRST))
        self.sent_since()
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(file_digest(self.ws.file(FIRST)), other)
        self.assertEqual(set(self.outcomes(SECOND).values()), {"accepted"})


class TogetherTest(RerunCase):
    """Reruns that were killed, and those that meet each other or an upload."""

    def hold(self, *numbers):
        """These claims wait until they are let go."""
        held = lambda request: self.web.released.wait() and accept(request)
        self.plan = {name_of(number): held for number in numbers}

    def test_a_killed_rerun_goes_on_by_the_same_command(self):
        self.upload_rows(claim_rows(6), 1, **{f"n{n}": failing() for n in (1, 2, 3, 4)})
        self.hold(2)
        run = self.start_rerun("-c", 1)
        self.web.wait_for_requests(self.sent + 2)
        run.send_signal(signal.SIGKILL)
        run.finish()
        self.assertEqual(self.sent_since(), [name_of(1), name_of(2)])
        self.assertFalse(os.path.exists(self.ws.file(FIRST)))
        self.plan = {}
        result = self.rerun()
        self.assertExit(result, 3)
        self.assertSays(result, "it goes on where it ended", "in flight when the run ended before")
        outcomes = self.outcomes(FIRST)
        unknown = [row for row, outcome in outcomes.items() if outcome == "unknown"]
        # On the wire was the one of row 3; intents are committed a little ahead.
        self.assertIn(3, unknown)
        self.assertLessEqual(len(unknown), 2)
        self.assertEqual(list(outcomes), [2, 3, 4, 5])
        self.assertEqual(set(outcomes.values()), {"accepted", "unknown"})
        sent = sorted(self.sent_since())
        self.assertEqual(sent, [name_of(row - 1) for row in (4, 5) if row not in unknown])
        # What the kill left unknown is held back everywhere, until somebody settles it.
        self.assertExit(self.rerun(report=FIRST), 3)
        self.assertExit(self.upload(), 3)
        self.assertEqual(self.sent_since(), [])
        for row in unknown:
            settled = self.ws.run(
                "resolve", FIRST, "-L", "ledger.db", "-g", self.web.url,
                "--row", row, "--as", "not-executed", *WORDS,
            )  # fmt: skip
            self.assertIn(settled.code, (0, 3), repr(settled))
        self.assertExit(self.rerun(report=FIRST), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(row - 1) for row in unknown])

    def test_a_stopped_rerun_publishes_and_goes_on(self):
        self.upload_rows(claim_rows(4), 1, **{f"n{n}": failing() for n in (1, 2, 3)})
        self.hold(1)
        run = self.start_rerun("-c", 1)
        self.web.wait_for_requests(self.sent + 1)
        run.send_signal(signal.SIGTERM)  # what has an intent only is withdrawn
        run.wait_for_words("stopping")
        self.web.released.set()
        result = run.finish()
        self.assertExit(result, 143)
        self.assertSays(result, "next: ", "rerun claims.report.csv")
        self.assertEqual(self.outcomes(FIRST), {2: "accepted", 3: "unsent", 4: "unsent"})
        self.assertExit(self.rerun(), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(1), name_of(2), name_of(3)])

    def test_two_reruns_of_one_report_at_once(self):
        self.upload_rows(claim_rows(3), 1, n1=failing(), n2=failing(), n3=refuse)
        self.hold(1)
        first = self.start_rerun()
        self.web.wait_for_requests(self.sent + 2)
        again = self.rerun()
        self.assertExit(again, 75)
        self.assertSays(again, "nothing was sent by this one")
        # Another selection is another run: it waits for the claim that the first one sends.
        other = self.start_rerun("--include", "rejected")
        self.web.wait_for_requests(self.sent + 3)
        self.web.released.set()
        self.assertExit(first.finish(), 0)
        self.assertExit(other.finish(), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(1), name_of(2), name_of(3)])
        self.assertEqual(self.outcomes(FIRST), {2: "accepted", 3: "accepted"})
        self.assertEqual(self.outcomes(SECOND), {2: "skipped", 3: "skipped", 4: "accepted"})

    def test_a_rerun_beside_an_upload_of_the_same_export(self):
        self.upload_rows(claim_rows(5), 1, n1=failing(), n2=failing(), n3=failing())
        shutil.copy(self.ws.report, self.ws.file("copy.csv"))
        shutil.copy(self.ws.report + ".manifest.json", self.ws.file("copy.csv.manifest.json"))
        self.hold(1)
        upload = self.ws.start_upload(self.web, "--retries", 0, "-c", 1)
        self.web.wait_for_requests(self.sent + 1)
        rerun = self.start_rerun(report="copy.csv")
        self.web.wait_for_requests(self.sent + 2)  # the upload has intents for two
        self.assertTrue(upload.is_alive() and rerun.is_alive())
        self.web.released.set()
        self.assertExit(upload.finish(), 0)
        self.assertExit(rerun.finish(), 0)
        self.assertEqual(sorted(self.sent_since()), [name_of(1), name_of(2), name_of(3)])
        self.assertEqual(
            self.outcomes("copy.rerun-1.csv"), {2: "skipped", 3: "skipped", 4: "accepted"}
        )

    def test_a_kernel_lock_of_the_place_is_respected(self):
        self.upload_rows(claim_rows(2), 1, n2=failing())
        with open(self.ws.file("out.csv.partial"), "wb") as partial:
            fcntl.flock(partial, fcntl.LOCK_EX)
            result = self.rerun("-o", "out.csv")
            self.assertExit(result, 75)
            self.assertSays(result, "nothing was sent")
        self.assertEqual(self.sent_since(), [])
        self.assertExit(self.rerun("-o", "out.csv"), 0)


class OrderTest(RerunCase):
    """Rows of one claim keep their order, and never overlap, over reruns too."""

    def rows(self):
        """Claim 1 three times, claim 2 twice; the fee tells which row it is."""
        fees = ((1, 11), (2, 21), (1, 12), (2, 22), (1, 13))
        return [claim_row(number, claim_fee=str(fee)) for number, fee in fees]

    def fees_since(self):
        fees = [request.claim["claim_fee"] for request in self.web.requests[self.sent :]]
        self.sent = len(self.web.requests)
        return fees

    def test_rows_of_a_claim_are_sent_in_their_order_and_one_at_a_time(self):
        self.upload_rows(self.rows(), 1, n1=failing(), n2=failing())
        self.assertEqual(
            [line["code"] for line in self.lines().values()],
            ["1", "1", "EARLIER_ROW_OPEN", "EARLIER_ROW_OPEN", "EARLIER_ROW_OPEN"],
        )
        self.assertExit(self.rerun("-c", 8), 0)
        fees = self.fees_since()
        self.assertEqual([fee for fee in fees if fee < 20], [11, 12, 13])
        self.assertEqual([fee for fee in fees if fee > 20], [21, 22])
        for key in {request.key for request in self.web.requests}:
            spans = [(r.began, r.ended) for r in self.web.requests if r.key == key]
            for (_, ended), (began, _) in zip(spans, spans[1:]):
                self.assertLessEqual(ended, began)

    def test_a_row_that_fails_again_holds_those_behind_it(self):
        self.upload_rows(self.rows(), 1, n1=failing())
        self.plan = {name_of(1): failing()}
        self.fees_since()
        self.assertExit(self.rerun("--retries", 0), 1)
        self.assertEqual(self.fees_since(), [11])
        lines = self.lines(FIRST)
        self.assertEqual(list(lines), [2, 4, 6])
        self.assertEqual([lines[row]["code"] for row in (4, 6)], ["EARLIER_ROW_OPEN"] * 2)
        self.plan = {}
        self.assertExit(self.rerun(report=FIRST), 0)
        self.assertEqual(self.fees_since(), [11, 12, 13])

    def test_a_row_that_becomes_unknown_holds_those_behind_it_until_it_is_settled(self):
        self.upload_rows(self.rows(), 1, n1=failing())
        self.plan = {name_of(1): lose}
        self.assertExit(self.rerun(), 3)
        self.plan = {}
        self.fees_since()
        self.assertEqual(self.outcomes(FIRST), {2: "unknown", 4: "unsent", 6: "unsent"})
        self.assertExit(self.rerun(report=FIRST), 1)
        self.assertEqual(self.fees_since(), [])
        lines = self.lines(SECOND)
        self.assertEqual([lines[row]["code"] for row in (4, 6)], ["EARLIER_ROW_OPEN"] * 2)
        self.assertIn("row 2 of the same claim", lines[4]["message"])
        settled = self.ws.run(
            "resolve", FIRST, "-L", "ledger.db", "-g", self.web.url,
            "--row", 2, "--as", "accepted", *WORDS,
        )  # fmt: skip
        self.assertExit(settled, 0)
        # The report is as it was: what it says of row 2 is older than what the ledger knows.
        self.assertExit(self.rerun(report=SECOND), 0)
        self.assertEqual(self.fees_since(), [12, 13])

    def test_a_row_that_waits_for_another_export_holds_those_behind_it(self):
        self.ws.export([claim_row(1, claim_fee="5")], "first.csv")
        self.plan = {name_of(1): lose}
        self.assertExit(self.upload(claims="first.csv"), 3)
        self.plan = {}
        self.upload_rows([claim_row(1, claim_fee="6"), claim_row(1, claim_fee="7")], 3)
        self.assertEqual(self.outcomes(), {2: "unknown", 3: "unsent"})
        self.assertEqual(self.lines()[2]["code"], "UNSETTLED")
        settled = self.ws.run(
            "resolve", "first.report.csv", "-L", "ledger.db", "-g", self.web.url,
            "--row", 2, "--as", "accepted", *WORDS,
        )  # fmt: skip
        self.assertExit(settled, 0)
        self.fees_since()
        # Row 2 is to be judged anew; until this report says so, row 3 does not overtake it.
        self.assertExit(self.rerun(), 1)
        self.assertEqual(self.fees_since(), [])
        caught_up = self.ws.run("resolve", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url)
        self.assertExit(caught_up, 0)
        self.assertExit(self.rerun(), 0)
        self.assertEqual(self.fees_since(), [6, 7])

    def test_an_old_copy_of_the_report_does_not_hold_what_was_settled_since(self):
        self.upload_rows(self.rows()[::2], 3, n1=lose)
        for ending in ("", ".manifest.json"):
            shutil.copy(self.ws.report + ending, self.ws.file("old.csv" + ending))
        settled = self.ws.run(
            "resolve", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url,
            "--row", 2, "--as", "accepted", *WORDS,
        )  # fmt: skip
        self.assertExit(settled, 0)
        self.fees_since()
        self.assertExit(self.rerun(report="old.csv"), 0)
        self.assertEqual(self.fees_since(), [12, 13])

    def test_an_older_row_does_not_overtake_a_newer_one_that_was_accepted(self):
        self.upload_rows(self.rows(), 1, n1=failing())
        old = {n: self.ws.read("claims.report.csv" + n) for n in ("", ".manifest.json")}
        self.assertExit(self.rerun(), 0)
        self.fees_since()
        for ending, data in old.items():
            self.ws.write("old.csv" + ending, data, 0o600)
        self.edit_line(2, (",11,", ",999,"), report="old.csv")
        self.assertExit(self.rerun("--accept-edits", report="old.csv"), 0)
        self.assertEqual(self.fees_since(), [])
        codes = [line["code"] for line in self.lines("old.rerun-1.csv").values()]
        self.assertEqual(codes, ["SUPERSEDED", "SUPERSEDED", "ALREADY_ACCEPTED"])


class OptionTest(RerunCase):
    def setUp(self):
        super().setUp()
        self.upload_rows(claim_rows(4), 1, n2=failing(), n3=failing())

    def test_a_dry_run_says_what_would_be_sent_and_does_nothing(self):
        before = sorted(os.listdir(self.ws.path))
        result = self.rerun("--dry-run")
        self.assertExit(result, 0)
        self.assertIn("dry run: nothing is sent", result.out)
        self.assertRegex(result.out, r" 2 rows +2\.05 yuan +would be sent")
        self.assertIn("CL00000002", result.out)
        self.assertIn("sign=***", result.out)
        self.assertEqual(sorted(os.listdir(self.ws.path)), before)
        self.assertEqual(self.sent_since(), [])

    def test_a_dry_run_of_unknown_rows(self):
        self.upload_rows(claim_rows(3, first=11), 3, n11=lose, n12=failing())
        self.assertRegex(self.rerun("--dry-run").out, r" 1 row  +1\.12 yuan +would be sent")
        both = self.rerun("--dry-run", "--include", "unknown", *WORDS)
        self.assertRegex(both.out, r" 2 rows +2\.23 yuan +would be sent")

    def test_json_is_the_manifest(self):
        result = self.rerun("--json")
        self.assertExit(result, 0)
        self.assertEqual(json.loads(result.out), self.ws.read_manifest(FIRST))
        # Also where nothing is left to send.
        again = self.rerun("--json")
        self.assertExit(again, 0)
        self.assertSays(again, "nothing is left to send")
        self.assertEqual(again.out, result.out)

    def test_control_totals_are_those_of_the_rows_taken(self):
        self.assertRefused(self.rerun("--expect-rows", 4), 65, "4")
        self.assertRefused(self.rerun("--expect-fee", 1), 65)
        self.assertExit(self.rerun("--expect-rows", 2, "--expect-fee", 205), 0)

    def test_nothing_is_sent_where_a_row_is_invalid_and_that_was_said(self):
        result = self.rerun("--max-fee", 102, "--require-valid")
        self.assertExit(result, 4)
        self.assertEqual(self.sent_since(), [])
        self.assertEqual(self.outcomes(FIRST), {3: "unsent", 4: "invalid"})

    def test_going_on_with_another_limit_sends_what_it_held_back_and_says_so(self):
        self.assertExit(self.rerun("--max-fee", 102), 1)
        self.assertEqual(len(self.sent_since()), 1)
        result = self.rerun("--max-fee", 200)
        self.assertExit(result, 0)
        self.assertSays(result, "rows that were never sent are read in another way", "max-fee=200")
        self.assertEqual(len(self.sent_since()), 1)

    def test_options_of_an_export_are_not_for_a_report(self):
        for options in (("--delimiter", ";"), ("--encoding", "gb18030"), ("--fee-unit", "yuan")):
            self.assertExit(self.rerun(*options), 2)
        self.assertEqual(self.sent_since(), [])

    def test_the_next_command_is_the_one_to_type(self):
        self.plan = {name_of(2): lose}
        result = self.rerun()
        self.assertExit(result, 3)
        self.plan = {}
        words = [line for line in result.err.splitlines() if "claimbatch resolve " in line]
        typed = words[0][words[0].index("claimbatch resolve ") :].split()[1:]
        listed = self.ws.run(*typed)
        self.assertExit(listed, 3)
        self.assertIn("CL00000002", listed.out)
        words = [line for line in result.err.splitlines() if "--include unknown" in line]
        typed = words[0][words[0].index("claimbatch rerun ") :].split()[1:]
        typed = [word for word in typed if word not in ("--by", "NAME", "--reason", "TEXT")]
        key = ("--app-key", APP_KEY, "--app-secret-file", "secret")
        self.sent_since()
        self.assertExit(self.ws.run(*typed, *WORDS, *key), 0)
        self.assertEqual(self.sent_since(), [name_of(2)])


if __name__ == "__main__":
    unittest.main()
