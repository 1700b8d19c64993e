"""A person's word on unknown rows: listed, settled, published anew, and sent again only where it says
so (contract sections 1, 3, 4, 5 and 7)."""

import csv
import fcntl
import io
import json
import os
import resource
import sqlite3
import struct
import subprocess
import unittest

from harness import (
    NEW_LEDGER,
    LosingCase,
    Reply,
    Sandbox,
    TestCase,
    accept,
    claim_row,
    claim_rows,
    file_digest,
    http,
    lose,
    preload,
    program,
    refuse,
    unguard,
)

BY = "claims-desk"
REASON = "support answered on the phone"
WORDS = ("--by", BY, "--reason", REASON)
SHEET = (
    "row",
    "digest",
    "submitted_at",
    "workcard_id",
    "claim_order_no",
    "claim_fee",
    "request_id",
    "as",
    "by",
    "reason",
)


class ResolveCase(LosingCase):
    """An upload of which some claims are unknown."""

    def upload(self, *options, **how):
        return self.ws.upload(self.web, *options, **how)

    def upload_with_unknown(self, rows, *lost):
        """Uploads rows, of which the claims with these numbers stay unknown."""
        self.ws.export(rows)
        self.lost = {f"CL{number:08d}" for number in lost}
        self.assertExit(self.upload(), 3 if lost else 0)
        self.lost = set()

    def resolve(self, *options, report="claims.report.csv", **how):
        options = tuple(str(option) for option in options)
        return self.ws.run(
            "resolve", report, "--ledger", "ledger.db", "--gateway", self.web.url, *options, **how
        )

    def settle(self, row, as_, **how):
        return self.resolve("--row", row, "--as", as_, *WORDS, **how)

    def lines(self, report="claims.report.csv"):
        return {int(line["row"]): line for line in self.ws.read_report(report)}

    def outcomes(self, report="claims.report.csv"):
        return [line["outcome"] for line in self.ws.read_report(report)]

    def raw_lines(self, report="claims.report.csv"):
        return self.ws.read(report).split(b"\n")

    def state(self):
        """What must not change where a decision is refused."""
        files = [self.ws.report, self.ws.report + ".manifest.json"]
        with sqlite3.connect(self.ws.ledger) as database:
            tables = [
                database.execute(f"select * from {name}").fetchall()
                for name in ("open_attempt", "settlement", "row", "run")
            ]
        database.close()
        return [file_digest(path) for path in files], tables

    def assertRefused(self, result, code, *pieces, before):
        self.assertExit(result, code)
        self.assertSays(result, *pieces)
        self.assertEqual(self.state(), before)

    def assertReportFitsManifest(self, report="claims.report.csv"):
        manifest = self.ws.read_manifest(report)
        lines = self.ws.read_report(report)
        path = self.ws.file(report)
        self.assertEqual(manifest["report"]["sha256"], file_digest(path))
        self.assertEqual(manifest["report"]["bytes"], os.path.getsize(path))
        self.assertEqual(manifest["report"]["rows"], len(lines))
        for outcome, numbers in manifest["outcomes"].items():
            of_it = [line for line in lines if line["outcome"] == outcome]
            self.assertEqual(numbers["rows"], len(of_it), outcome)
            if outcome != "invalid":
                self.assertEqual(numbers["fee_fen"], sum(int(l["claim_fee"]) for l in of_it))
        codes = {}
        for line in lines:
            codes[line["code"]] = codes.get(line["code"], 0) + 1
        self.assertEqual(manifest["codes"], codes)
        self.assertEqual(self.ws.mode(report), 0o600)
        self.assertEqual([n for n in os.listdir(self.ws.path) if n.endswith(".partial")], [])

    def read_sheet(self, name="list.csv"):
        data = self.ws.read(name)
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        self.assertEqual(tuple(records[0]), SHEET)
        return [dict(zip(SHEET, map(unguard, record))) for record in records[1:]]

    def sheet_text(self, lines, header=SHEET, **how):
        text = io.StringIO()
        writer = csv.DictWriter(text, header, extrasaction="ignore", restval="", **how)
        writer.writeheader()
        writer.writerows(lines)
        return text.getvalue()

    def decisions(self, **as_by_row):
        """Decisions on rows of the report: row5="accepted"."""
        lines = self.lines()
        return [
            dict(lines[int(name[3:])], **{"as": as_, "by": BY, "reason": REASON})
            for name, as_ in as_by_row.items()
        ]


class ListTest(ResolveCase):
    def test_unknown_rows_are_listed_with_all_that_is_known(self):
        self.upload_with_unknown(claim_rows(5), 2, 4)
        before = self.state()
        result = self.resolve()
        self.assertExit(result, 3)
        lines = self.lines()
        for row in (3, 5):
            for name in ("workcard_id", "claim_order_no", "submitted_at", "code", "message", "digest"):
                self.assertIn(lines[row][name], " ".join(result.out.split()))
        self.assertIn("1.02 yuan", result.out)
        self.assertNotIn("CL00000001", result.out)
        self.assertSays(result, "unknown rows: 2;", "next: ", "--row N --as accepted")
        self.assertEqual(self.state(), before)
        self.assertEqual(len(self.web.requests), 5)

    def test_the_list_as_json(self):
        self.ws.export(claim_rows(2) + [claim_row(3, claim_order_no="-理赔号3")])
        self.lost = {"-理赔号3"}
        self.assertExit(self.upload(), 3)
        result = self.resolve("--json")
        self.assertExit(result, 3)
        said = json.loads(result.out)
        line = self.lines()[4]
        self.assertEqual(said["unknown_rows"], 1)
        self.assertEqual(said["exit_code"], 3)
        self.assertEqual(said["run"], self.ws.read_manifest()["run"])
        (row,) = said["unknown"]
        self.assertEqual(row["row"], 4)
        self.assertEqual(row["state"], "to-be-settled")
        self.assertEqual(row["claim_order_no"], "-理赔号3")
        self.assertEqual(row["claim_fee"], 103)
        for name in ("digest", "submitted_at", "code", "message", "request_id", "workcard_id"):
            self.assertEqual(row[name], line[name], name)
        self.assertIsNone(row["waits_for"])

    def test_a_report_without_unknown_rows_says_that_nothing_is_left(self):
        self.upload_with_unknown(claim_rows(2))
        result = self.resolve()
        self.assertExit(result, 0)
        self.assertSays(result, "unknown rows: 0;", "next: nothing is left to do")
        self.assertEqual(result.out, "")

    def test_the_sheet_for_the_support_is_guarded_and_private(self):
        self.ws.export([claim_row(1), claim_row(2, claim_order_no='+1+1,理赔')])
        self.lost = {'+1+1,理赔'}
        self.assertExit(self.upload(), 3)
        result = self.resolve("-o", "list.csv")
        self.assertExit(result, 3)
        self.assertSays(result, "next: ", "--from list.csv")
        self.assertEqual(self.ws.mode("list.csv"), 0o600)
        line = self.lines()[3]
        (row,) = self.read_sheet()
        self.assertEqual(row["as"] + row["by"] + row["reason"], "")
        for name in SHEET[:7]:
            self.assertEqual(row[name], line[name], name)
        self.assertIn("\"'+1+1", self.ws.read_text("list.csv"))

    def test_the_list_on_standard_output_is_the_list_alone(self):
        self.upload_with_unknown(claim_rows(3), 2)
        result = self.resolve("-o", "-")
        self.assertExit(result, 3)
        self.assertNotIn("--from -", result.err)
        self.ws.write("list.csv", result.out)
        self.assertEqual([row["claim_order_no"] for row in self.read_sheet()], ["CL00000002"])
        self.assertExit(self.resolve("-o", "-", "--json"), 2)

    def test_the_list_in_a_folder_has_the_reports_name(self):
        self.upload_with_unknown(claim_rows(2), 1)
        os.mkdir(self.ws.file("lists"))
        result = self.resolve("-o", "lists/")
        self.assertExit(result, 3)
        self.assertEqual(os.listdir(self.ws.file("lists")), ["claims.report.unknown.csv"])
        self.assertSays(result, "--from lists/claims.report.unknown.csv")
        self.assertExit(self.resolve("-o", "lists"), 73)
        self.assertExit(self.resolve("-o", "lists", "--overwrite"), 3)

    def test_a_list_that_exists_may_hold_decisions_and_stays(self):
        self.upload_with_unknown(claim_rows(2), 1)
        self.ws.write("list.csv", "decisions of an hour's work")
        result = self.resolve("-o", "list.csv")
        self.assertExit(result, 73)
        self.assertSays(result, "--overwrite")
        self.assertEqual(self.ws.read_text("list.csv"), "decisions of an hour's work")
        self.assertExit(self.resolve("-o", "list.csv", "--overwrite"), 3)
        self.assertEqual(len(self.read_sheet()), 1)

    def test_the_list_is_neither_a_link_nor_the_report(self):
        self.upload_with_unknown(claim_rows(2), 1)
        before = file_digest(self.ws.report)
        os.symlink(self.ws.report, self.ws.file("link.csv"))
        for name in ("link.csv", "claims.report.csv"):
            with self.subTest(name):
                self.assertExit(self.resolve("-o", name, "--overwrite"), 73)
        self.assertEqual(file_digest(self.ws.report), before)
        self.assertTrue(os.path.islink(self.ws.file("link.csv")))

    def test_terminal_escapes_of_cells_are_shown_and_not_run(self):
        name = "CL\u009b31m\u202e1"
        self.ws.export([claim_row(1, claim_order_no=name)])
        self.lost = {name}
        self.web.check = False  # the harness writes such characters in another way
        self.assertExit(self.upload("--rule", "control-character=off"), 3)
        result = self.resolve()
        self.assertExit(result, 3)
        for code in "\u009b\u202e":
            self.assertNotIn(code, result.out + result.err)
        self.assertIn("CL\\u{009B}31m\\u{202E}1", result.out)

    def test_standard_output_that_cannot_be_written_is_an_error(self):
        self.upload_with_unknown(claim_rows(2), 1)
        with open("/dev/full", "wb") as full:
            ended = subprocess.run(
                [self.ws.binary, "resolve", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url],
                cwd=self.ws.path,
                env=self.ws.environment(),
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
            )
        self.assertEqual(ended.returncode, 74, ended.stderr)


class SettleTest(ResolveCase):
    def test_a_row_settled_as_accepted_is_accepted_and_never_sent_again(self):
        self.upload_with_unknown(claim_rows(3), 2)
        old = self.ws.read_manifest()
        untouched = self.raw_lines()
        result = self.settle(3, "accepted")
        self.assertExit(result, 0)
        self.assertSays(result, "settled and recorded: 1;", "next: nothing is left to do")
        line = self.lines()[3]
        self.assertEqual((line["outcome"], line["code"]), ("accepted", "RESOLVED_ACCEPTED"))
        self.assertIn(f"settled by {BY}: {REASON}", line["message"])
        self.assertEqual(self.outcomes(), ["accepted"] * 3)
        self.assertReportFitsManifest()
        now = self.raw_lines()
        self.assertEqual(now[:2] + now[3:], untouched[:2] + untouched[3:])
        new = self.ws.read_manifest()
        self.assertEqual(new["replaced"], old["replaced"] + [old["report"]["sha256"]])
        self.assertGreater(new["ledger_commits"], old["ledger_commits"])
        changed = {"outcomes", "codes", "report", "replaced", "ledger_commits"}
        self.assertEqual(
            {k: v for k, v in new.items() if k not in changed},
            {k: v for k, v in old.items() if k not in changed},
        )
        before = file_digest(self.ws.report)
        again = self.upload()
        self.assertExit(again, 0)
        self.assertSays(again, "nothing is left to send")
        self.assertEqual(len(self.web.requests), 3)
        self.assertEqual(file_digest(self.ws.report), before)

    def test_a_row_that_was_not_executed_is_sent_once_by_the_same_upload(self):
        self.upload_with_unknown(claim_rows(3), 2)
        result = self.settle(3, "not-executed")
        self.assertExit(result, 0)
        self.assertSays(result, "next: ", "claimbatch upload ")
        line = self.lines()[3]
        self.assertEqual((line["outcome"], line["code"]), ("failed", "RESOLVED_NOT_EXECUTED"))
        self.assertReportFitsManifest()
        self.assertEqual(len(self.web.requests), 3)
        self.assertExit(self.upload(), 0)
        self.assertEqual([key[1] for key in self.web.keys()[3:]], ["CL00000002"])
        self.assertExit(self.upload(), 0)
        self.assertEqual(len(self.web.requests), 4)
        self.assertEqual(self.outcomes(), ["accepted"] * 3)

    def test_the_next_command_is_the_one_to_type(self):
        self.upload_with_unknown(claim_rows(3), 2)
        result = self.settle(3, "not-executed")
        (words,) = [l for l in result.err.splitlines() if "claimbatch upload " in l]
        typed = words[words.index("claimbatch upload ") :].split()[1:]
        ended = self.ws.run(*typed, "--app-secret-file", "secret")
        self.assertExit(ended, 0)
        self.assertEqual(len(self.web.requests), 4)

    def test_who_why_and_what_it_was_are_recorded(self):
        self.upload_with_unknown(claim_rows(2), 1)
        was = self.lines()[2]
        self.assertExit(self.resolve("--row", 2, "--as", "accepted", "--by", BY, "--reason", "电话"), 0)
        with sqlite3.connect(self.ws.ledger) as database:
            ((outcome, digest, by, reason, text),) = database.execute(
                "select outcome, digest, by, reason, was from settlement"
            )
        database.close()
        self.assertEqual((outcome, digest.hex(), by, reason), (0, was["digest"], BY, "电话"))
        self.assertIn(was["code"], text)

    def test_some_rows_left_unknown_exit_with_3(self):
        self.upload_with_unknown(claim_rows(3), 1, 2)
        result = self.settle(2, "accepted")
        self.assertExit(result, 3)
        self.assertSays(result, "unknown rows: 1;")
        self.assertExit(self.upload(), 3)
        self.assertExit(self.settle(3, "accepted"), 0)
        self.assertExit(self.upload(), 0)
        self.assertEqual(len(self.web.requests), 3)

    def test_who_says_accepted_by_mistake_is_told_how_the_row_is_sent_again(self):
        self.upload_with_unknown(claim_rows(2), 1)
        self.assertExit(self.settle(2, "accepted"), 0)
        self.assertRefused(
            self.settle(2, "not-executed"), 65, "row 2: it is accepted by a person's word",
            "an upload of an export that has this row alone sends it again with --resubmit",
            before=self.state())
        self.ws.export(claim_rows(1), name="alone.csv")
        self.assertExit(self.upload("--resubmit", *WORDS, claims="alone.csv"), 0)
        self.assertEqual(self.outcomes("alone.report.csv"), ["accepted"])
        self.assertEqual(len(self.web.requests), 3)

    def test_a_claim_settled_as_accepted_is_already_accepted_in_another_export(self):
        self.upload_with_unknown(claim_rows(2), 1)
        self.assertExit(self.settle(2, "accepted"), 0)
        self.ws.export(claim_rows(3), name="other.csv")
        self.assertExit(self.upload(claims="other.csv"), 0)
        lines = self.lines("other.report.csv")
        self.assertEqual([lines[row]["code"] for row in (2, 3)], ["ALREADY_ACCEPTED"] * 2)
        self.assertEqual(len(self.web.requests), 3)

    def test_the_export_need_not_be_there(self):
        self.upload_with_unknown(claim_rows(2), 1)
        os.unlink(self.ws.claims)
        result = self.settle(2, "not-executed")
        self.assertExit(result, 0)
        self.assertSays(result, "claimbatch rerun claims.report.csv")
        self.assertReportFitsManifest()

    def test_an_audit_agrees_with_what_was_settled(self):
        self.upload_with_unknown(claim_rows(3) + [claim_row(4, claim_fee="x")], 1, 2)
        self.assertExit(self.settle(2, "accepted"), 3)
        self.assertExit(self.settle(3, "not-executed"), 0)
        ended = self.ws.run("audit", "claims.report.csv", "-L", "ledger.db", "--export", "claims.csv")
        self.assertExit(ended, 0)

    def test_the_new_manifest_is_signed_and_a_lost_signature_is_said(self):
        try:
            subprocess.run(
                ["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.ws.file("key.pem")],
                check=True,
            )
        except FileNotFoundError:
            self.skipTest("openssl is not there to make a key")
        os.chmod(self.ws.file("key.pem"), 0o600)
        self.upload_with_unknown(claim_rows(3), 1, 2)
        self.assertNotIn("signature", self.ws.read_manifest())
        self.assertExit(self.resolve("--row", 2, "--as", "accepted", *WORDS, "--sign-key", "key.pem"), 3)
        self.assertIn("signature", self.ws.read_manifest())
        result = self.settle(3, "accepted")
        self.assertExit(result, 0)
        self.assertSays(result, "was signed")
        self.assertNotIn("signature", self.ws.read_manifest())

    def test_repeats_of_a_settled_row_are_judged_anew(self):
        for as_, sent in (("accepted", 0), ("not-executed", 1)):
            with self.subTest(as_):
                self.upload_with_unknown([claim_row(1), claim_row(1), claim_row(1, claim_fee="7")], 1)
                self.assertEqual(self.outcomes(), ["unknown", "skipped", "unsent"])
                before = len(self.web.requests)
                self.assertExit(self.settle(2, as_), 0)
                self.assertExit(self.upload(), 0)
                self.assertEqual(self.outcomes(), ["accepted", "skipped", "accepted"])
                self.assertEqual(len(self.web.requests), before + sent + 1)
                for name in ("ledger.db", "ledger.db.lock", "claims.report.csv", "claims.report.csv.manifest.json"):
                    os.unlink(self.ws.file(name))

    def test_a_repeat_of_a_settled_row_counts_as_unknown_no_longer(self):
        self.upload_with_unknown([claim_row(1), claim_row(1)], 1)
        self.assertExit(self.upload(), 3)
        self.assertExit(self.settle(2, "accepted"), 0)
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.outcomes(), ["accepted", "skipped"])
        self.assertEqual(len(self.web.requests), 1)

    def test_settled_in_a_run_of_the_sandbox(self):
        sandbox = self.enterContext(Sandbox(self.ws, "--fault", "executed-timeout=1"))
        self.web = sandbox
        self.ws.export(claim_rows(2))
        self.assertExit(self.upload("--timeout", "1"), 3)
        self.assertExit(self.settle(2, "accepted"), 3)
        self.assertExit(self.settle(3, "not-executed"), 0)
        self.assertEqual(self.outcomes(), ["accepted", "failed"])


class AttemptTest(ResolveCase):
    """A decision is about one attempt and no other."""

    def test_a_row_that_is_not_unknown_is_refused_and_said_as_what_it_is(self):
        self.web.script = lambda r: {"CL00000002": refuse, "CL00000003": lose}.get(r.key[1], accept)(r)
        self.ws.export(claim_rows(3) + [claim_row(4, claim_fee="x")])
        self.assertExit(self.upload(), 3)
        before = self.state()
        for row, words in ((2, "accepted"), (3, "rejected"), (5, "invalid"), (6, "no such row")):
            with self.subTest(row):
                result = self.settle(row, "accepted")
                self.assertRefused(result, 65, f"row {row}", words, "nothing was settled", before=before)

    def test_an_attempt_that_was_sent_again_since_is_another_one(self):
        self.upload_with_unknown(claim_rows(2), 1)
        decisions = self.sheet_text(self.decisions(row2="not-executed"))
        self.lost = {"CL00000001"}
        self.assertExit(self.upload("--resend-unknown", *WORDS), 3)
        before = self.state()
        self.ws.write("decisions.csv", decisions)
        result = self.resolve("--from", "decisions.csv")
        self.assertRefused(
            result, 65, "line 2, row 2", "another", self.lines()[2]["submitted_at"], before=before
        )

    def test_a_row_resent_and_accepted_since_is_said(self):
        self.upload_with_unknown(claim_rows(2), 1)
        decisions = self.sheet_text(self.decisions(row2="not-executed"))
        self.assertExit(self.upload("--resend-unknown", *WORDS), 0)
        self.ws.write("decisions.csv", decisions)
        self.assertRefused(
            self.resolve("--from", "decisions.csv"), 65, "accepted", before=self.state()
        )

    def test_saying_the_same_twice_is_fine_and_the_contrary_is_not(self):
        self.upload_with_unknown(claim_rows(2), 1)
        self.ws.write("decisions.csv", self.sheet_text(self.decisions(row2="accepted")))
        self.assertExit(self.resolve("--from", "decisions.csv"), 0)
        before = self.state()
        result = self.resolve("--from", "decisions.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "settled like this before: 1")
        self.assertEqual(self.state(), before)
        self.assertRefused(
            self.settle(2, "not-executed"), 65, "RESOLVED_ACCEPTED", BY, before=before
        )

    def test_a_wrong_word_that_lets_a_row_be_sent_can_be_taken_back_until_it_was(self):
        self.upload_with_unknown(claim_rows(3), 2)
        self.assertExit(self.settle(3, "not-executed"), 0)
        result = self.settle(3, "accepted")
        self.assertExit(result, 0)
        self.assertSays(result, "settled and recorded: 1", "next: nothing is left to do")
        line = self.lines()[3]
        self.assertEqual((line["outcome"], line["code"]), ("accepted", "RESOLVED_ACCEPTED"))
        self.assertIn("(it was failed: RESOLVED_NOT_EXECUTED: settled by", line["message"])
        self.assertReportFitsManifest()
        self.assertExit(self.upload(), 0)
        self.assertEqual(len(self.web.requests), 3)
        self.assertExit(self.ws.run("audit", self.ws.report, "-L", "ledger.db"), 0)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "ledger.db"), 0)

    def test_a_row_of_another_export_waits_and_is_judged_anew_afterwards(self):
        for as_, code, sent in (("accepted", "ALREADY_ACCEPTED", 0), ("not-executed", "SUCCESS", 1)):
            with self.subTest(as_):
                self.upload_with_unknown(claim_rows(2), 1)
                self.ws.export(claim_rows(3), name="other.csv")
                self.assertExit(self.upload(claims="other.csv"), 3)
                self.assertEqual(self.lines("other.report.csv")[2]["code"], "UNSETTLED")
                listed = self.resolve(report="other.report.csv")
                self.assertExit(listed, 3)
                run = self.ws.read_manifest()["run"]
                self.assertIn(f"row 2 of run {run}, report '{os.path.realpath(self.ws.report)}'", listed.out)
                self.assertSays(listed, f"claimbatch resolve {os.path.realpath(self.ws.report)}")
                waits = json.loads(self.resolve("--json", report="other.report.csv").out)["unknown"]
                self.assertEqual(waits[0]["waits_for"]["run"], run)
                refused = self.settle(2, as_, report="other.report.csv")
                self.assertExit(refused, 65)
                self.assertSays(refused, f"row 2 of run {run}", "settle that one")
                self.assertExit(self.settle(2, as_), 0)
                # The other report is behind the ledger now, and says so.
                caught_up = self.resolve(report="other.report.csv")
                self.assertExit(caught_up, 0)
                self.assertSays(caught_up, "brought up to date", "RELEASED")
                self.assertReportFitsManifest("other.report.csv")
                self.assertEqual(self.outcomes("other.report.csv"), ["unsent", "skipped", "accepted"])
                before = len(self.web.requests)
                self.assertExit(self.upload(claims="other.csv"), 0)
                self.assertEqual(len(self.web.requests), before + sent)
                self.assertEqual(self.lines("other.report.csv")[2]["code"], code)
                for name in os.listdir(self.ws.path):
                    if "report" in name or name.startswith("ledger"):
                        os.unlink(self.ws.file(name))

    def test_a_row_whose_claim_was_accepted_in_another_run_can_be_judged_anew(self):
        self.upload_with_unknown(claim_rows(2), 1)
        self.ws.export(claim_rows(3), name="other.csv")
        self.assertExit(self.upload("--resend-unknown", *WORDS, claims="other.csv"), 0)
        result = self.resolve()
        self.assertExit(result, 3)
        self.assertSays(result, "settled in another run", "--resend-unknown")
        self.assertExit(self.settle(2, "not-executed"), 65)
        before = len(self.web.requests)
        self.assertExit(self.upload("--resend-unknown", *WORDS), 0)
        self.assertEqual(len(self.web.requests), before)
        self.assertEqual(self.lines()[2]["code"], "ALREADY_ACCEPTED")

    def test_an_attempt_whose_report_is_lost_is_settled_by_a_list(self):
        for as_ in ("accepted", "not-executed"):
            with self.subTest(as_):
                self.upload_with_unknown(claim_rows(2), 1)
                attempt = self.lines()[2]
                moved = f"claims.report.{self.ws.read_manifest()['run']}.csv"
                # The next day's export, at the same path: the claim waits, its report is lost.
                self.ws.export([claim_row(5), claim_row(1, claim_fee="7")])
                self.assertExit(self.upload(), 3)
                os.unlink(self.ws.file(moved))
                os.unlink(self.ws.file(moved + ".manifest.json"))
                self.assertEqual(self.lines()[3]["code"], "UNSETTLED")
                refused = self.settle(3, as_)
                self.assertExit(refused, 65)
                self.assertSays(refused, "it waits for row 2", "-o")
                listed = self.resolve("-o", "list.csv")
                self.assertExit(listed, 3)
                self.assertIn("not there any more", listed.out)
                self.assertIn(attempt["submitted_at"], listed.out)
                (line,) = self.read_sheet()
                self.assertEqual(line["row"], "3")
                self.assertEqual(line["claim_fee"], "")
                for name in ("digest", "submitted_at", "workcard_id", "claim_order_no"):
                    self.assertEqual(line[name], attempt[name])
                self.ws.write("decisions.csv", self.sheet_text([dict(line, **{"as": as_})]))
                result = self.resolve("--from", "decisions.csv", *WORDS)
                self.assertExit(result, 0)
                self.assertEqual(self.lines()[3]["code"], "RELEASED")
                self.assertReportFitsManifest()
                before = len(self.web.requests)
                self.assertExit(self.upload(), 0)
                self.assertEqual(len(self.web.requests), before + 1)
                # The first export once more: its report is made anew and knows what was settled.
                self.ws.export(claim_rows(2), name="first.csv")
                self.assertExit(self.upload("-o", "first.report.csv", claims="first.csv"), 0)
                first = self.lines("first.report.csv")[2]
                self.assertEqual(first["outcome"], "accepted" if as_ == "accepted" else "skipped")
                self.assertEqual(len(self.web.requests), before + 1)
                for name in os.listdir(self.ws.path):
                    if "report" in name or name.startswith(("ledger", "list")):
                        os.unlink(self.ws.file(name))


class FileTest(ResolveCase):
    """Decisions from a CSV, as it comes back from the support or out of a spreadsheet."""

    def setUp(self):
        super().setUp()
        self.upload_with_unknown(claim_rows(5), 1, 2, 3)

    def write(self, lines, name="decisions.csv", encoding="utf-8", header=SHEET, **how):
        return self.ws.write(name, self.sheet_text(lines, header, **how).encode(encoding))

    def test_the_sheet_filled_in_settles_its_rows(self):
        self.assertExit(self.resolve("-o", "list.csv"), 3)
        sheet = self.read_sheet()
        for line, as_ in zip(sheet, ("accepted", "not-executed", "")):
            line["as"] = as_
        self.write(sheet)
        result = self.resolve("--from", "decisions.csv", *WORDS)
        self.assertExit(result, 3)
        self.assertSays(result, "settled and recorded: 2;", "where 'as' is empty: 1")
        self.assertEqual(self.outcomes(), ["accepted", "failed", "unknown", "accepted", "accepted"])
        self.assertReportFitsManifest()

    def test_columns_that_were_sorted_without_the_others_are_refused(self):
        """What is said of one claim stands beside the row of another."""
        self.assertExit(self.resolve("-o", "list.csv"), 3)
        sheet = self.read_sheet()
        for line, as_ in zip(sheet, ("accepted", "not-executed", "not-executed")):
            line["as"] = as_
        moved = [dict(line, **{name: other[name] for name in SHEET if name not in ("row", "digest", "submitted_at")})
                 for line, other in zip(sheet, (*sheet[1:], sheet[0]))]
        before = self.lines()
        self.write(moved)
        result = self.resolve("--from", "decisions.csv", *WORDS)
        self.assertExit(result, 65)
        self.assertSays(result, "in the list and", "were only some of the columns sorted")
        self.assertEqual(self.lines(), before)
        for name, value in (("workcard_id", "1"), ("claim_order_no", "LP9999"), ("claim_fee", "999999")):
            with self.subTest(name):
                self.write([dict(sheet[0], **{name: value})])
                self.assertExit(self.resolve("--from", "decisions.csv", *WORDS), 65)
                self.assertEqual(self.lines(), before)

    def test_columns_may_stand_in_any_order_and_others_are_ignored(self):
        header = ("note", "reason", "as", "submitted_at", "by", "digest", "ROW ")
        lines = [
            dict(line, **{"ROW ": line["row"], "note": "x", "reason": "=because,\"真\""})
            for line in self.decisions(row2="Accepted ", row4=" not-executed")
        ]
        self.write(lines, header=header)
        self.assertExit(self.resolve("--from", "decisions.csv"), 3)
        self.assertIn('=because,"真"', self.lines()[2]["message"])

    def test_the_guard_of_a_cell_is_taken_off(self):
        (line,) = self.decisions(row2="accepted")
        line.update(by="'@desk", reason="''=1+1")
        self.write([line])
        self.assertExit(self.resolve("--from", "decisions.csv"), 3)
        self.assertIn("settled by @desk: '=1+1", self.lines()[2]["message"])

    def test_forms_that_a_spreadsheet_saves(self):
        chinese = "平台客服电话确认"
        for name, how in (
            ("bom", {"encoding": "utf-8-sig"}),
            ("gbk", {"encoding": "gb18030", "options": ("--encoding", "gb18030")}),
            ("utf-16", {"encoding": "utf-16"}),
            ("crlf", {"lineterminator": "\r\n"}),
            ("semicolon", {"delimiter": ";"}),
            ("tab", {"delimiter": "\t", "encoding": "utf-16"}),
            ("quoted", {"quoting": csv.QUOTE_ALL, "delimiter": ";"}),
        ):
            with self.subTest(name):
                lines = [dict(l, reason=chinese) for l in self.decisions(row2="accepted")]
                options = ("--from", "decisions.csv", *how.pop("options", ()))
                self.write(lines, **how)
                self.assertExit(self.resolve(*options), 3)
                self.assertIn(chinese, self.lines()[2]["message"])

    def test_all_or_none_and_each_refused_line_is_named(self):
        before = self.state()
        good = self.decisions(row2="accepted", row3="accepted", row4="accepted", row5="accepted")
        cases = (
            (dict(good[1], **{"as": "yes"}), "line 3, row 3", "'yes' is no decision"),
            (dict(good[1], digest="1.23E+31"), "line 3, row 3", "turned into a number"),
            (dict(good[1], digest=""), "line 3, row 3", "digest '' is missing"),
            (dict(good[1], digest=good[0]["digest"]), "line 3, row 3", "attempt is another", good[0]["digest"]),
            (dict(good[1], submitted_at="2026/1/2 3:04"), "line 3, row 3", "rewritten, as by a spreadsheet"),
            (dict(good[1], submitted_at="46024.5"), "line 3, row 3", "rewritten, as by a spreadsheet"),
            (
                dict(good[1], submitted_at=good[1]["submitted_at"].replace("+08:00", "")),
                "line 3, row 3",
                "rewritten, as by a spreadsheet",
            ),
            (dict(good[1], submitted_at="yesterday"), "line 3, row 3", "no time as a report writes it"),
            (dict(good[1], row="x"), "line 3", "no row of a report"),
            (dict(good[1], row="99"), "line 3, row 99", "no such row"),
            (dict(good[1], row="2"), "line 3, row 2", "line 2 is about the same row"),
            (dict(good[1], by=""), "line 3, row 3", "by is empty"),
            (dict(good[1], reason="two\nlines"), "line 3, row 3", "control characters"),
            (dict(good[1], reason="x" * 1001), "line 3, row 3", "too long"),
            (good[3], "line 3, row 5", "accepted"),
        )
        for line, *words in cases:
            with self.subTest(words):
                self.write([good[0], line])
                result = self.resolve("--from", "decisions.csv")
                self.assertRefused(result, 65, *words, "nothing was settled", before=before)

    def test_a_line_that_is_there_twice_is_not_said_to_be_of_no_row(self):
        before = self.state()
        (line,) = self.decisions(row2="accepted")
        self.write([line, line])
        result = self.resolve("--from", "decisions.csv")
        self.assertRefused(result, 65, "line 3, row 2", "line 2 is about the same row", before=before)
        self.assertNotIn("no such row", result.err)

    def test_no_more_than_20_refused_lines_are_named(self):
        before = self.state()
        (line,) = self.decisions(row2="accepted")
        self.write([dict(line, row=str(1000 + i)) for i in range(30)])
        result = self.resolve("--from", "decisions.csv")
        self.assertRefused(result, 65, "30 decisions are refused", "line 21, ", before=before)
        self.assertNotIn("line 22", result.err)

    def test_files_that_are_none_are_refused(self):
        before = self.state()
        for content, words in (
            (b"", "empty"),
            (b"hello\n", "no file of decisions"),
            (b"row,digest,as\n", "'submitted_at' nowhere"),
            (b"row,row,digest,submitted_at,as\n", "'row' twice"),
            (b"row,digest,submitted_at,as\n2,\0,,accepted\n", "NUL"),
            (b'row,digest,submitted_at,as\n2,"x', "quote"),
            (b"row,digest,submitted_at,as\n" + b"\n" * (17 << 20), "16 MiB"),
        ):
            with self.subTest(words):
                self.ws.write("decisions.csv", content)
                self.assertRefused(self.resolve("--from", "decisions.csv", *WORDS), 65, words, before=before)
        self.assertRefused(self.resolve("--from", "missing.csv", *WORDS), 66, "missing.csv", before=before)

    def test_a_last_line_without_its_end_counts(self):
        text = self.sheet_text(self.decisions(row2="accepted")).rstrip("\r\n")
        self.ws.write("decisions.csv", text)
        self.assertExit(self.resolve("--from", "decisions.csv"), 3)
        self.assertEqual(self.lines()[2]["code"], "RESOLVED_ACCEPTED")

    def test_decisions_that_say_nothing_change_nothing(self):
        before = self.state()
        self.write([dict(line, **{"as": ""}) for line in self.decisions(row2="", row3="")])
        result = self.resolve("--from", "decisions.csv")
        self.assertExit(result, 3)
        self.assertSays(result, "settled and recorded: 0", "where 'as' is empty: 2")
        self.assertEqual(self.state(), before)


class UsageTest(ResolveCase):
    def test_wrong_usage_is_named_and_settles_nothing(self):
        self.upload_with_unknown(claim_rows(2), 1)
        before = self.state()
        for options, words in (
            (("--row", 2), "settling needs --as"),
            (("--row", 2, "--as", "accepted", "--by", BY), "--reason"),
            (("--row", 2, "--as", "maybe", *WORDS), "--as is accepted"),
            (("--row", 1, "--as", "accepted", *WORDS), "from 2"),
            (("--row", 2, "--as", "accepted", "--from", "x", *WORDS), "not both"),
            (("--as", "accepted"), "--row N"),
            (WORDS, "--all or --from"),
            (("--row", 2, "--as", "accepted", *WORDS, "-o", "l.csv"), "without a decision"),
            (("--row", 2, "--as", "accepted", "--by", "", "--reason", "r"), "empty"),
            (("--row", 2, "--as", "accepted", "--by", " \u3000", "--reason", "r"), "empty"),
            (("--row", 2, "--as", "accepted", "--by", "b" * 201, "--reason", "r"), "too long"),
            (("--row", 2, "--as", "accepted", "--by", "b", "--reason", "r" * 1001), "too long"),
            (("--row", 2, "--as", "accepted", "--by", "b", "--reason", "a\x1b[31m"), "control"),
            (("--row", 2, "--as", "accepted", "--by", "b", "--reason", "a\u0085"), "control"),
            (("--row", 2, "--as", "accepted", "--by", "b", "--reason", "a\nb"), "control"),
            (("--row", 2, "--as", "accepted", "--by", b"\xff", "--reason", "r"), "UTF-8"),
        ):
            with self.subTest(options):
                options = [os.fsdecode(o) if isinstance(o, bytes) else o for o in options]
                self.assertRefused(self.resolve(*options), 2, words, before=before)
        self.assertExit(self.resolve(report="-"), 2)

    def test_words_of_the_longest_allowed_length_are_taken(self):
        self.upload_with_unknown(claim_rows(2), 1)
        by, reason = "理" * 66 + "bb", "r" * 1000
        self.assertExit(self.resolve("--row", 2, "--as", "accepted", "--by", by, "--reason", reason), 0)
        self.assertIn(f"settled by {by}: {reason}", self.lines()[2]["message"])


class PlaceTest(ResolveCase):
    """Which report, manifest, ledger and platform."""

    def setUp(self):
        super().setUp()
        self.upload_with_unknown(claim_rows(3), 2)
        self.before = self.state()

    def run_resolve(self, *arguments):
        return self.ws.run("resolve", *arguments, "--row", "3", "--as", "accepted", *WORDS)

    def test_another_platform_is_refused(self):
        result = self.run_resolve("claims.report.csv", "--ledger", "ledger.db")
        self.assertRefused(result, 78, "'taobao'", self.web.url, "--gateway", before=self.before)

    def test_another_or_no_ledger_is_refused_and_none_is_made(self):
        gateway = ("--gateway", self.web.url)
        result = self.run_resolve("claims.report.csv", "--ledger", "none.db", *gateway)
        self.assertRefused(result, 78, "no ledger", "--ledger", before=self.before)
        self.assertFalse(os.path.exists(self.ws.file("none.db")))
        self.ws.export(claim_rows(1), name="other.csv")
        self.assertExit(self.upload(*NEW_LEDGER, claims="other.csv", ledger="other.db"), 0)
        result = self.run_resolve("claims.report.csv", "--ledger", "other.db", *gateway)
        self.assertRefused(
            result, 78, self.ws.read_manifest()["ledger_id"], "--ledger", before=self.before
        )

    def test_a_run_that_the_ledger_does_not_know_is_refused(self):
        with sqlite3.connect(self.ws.ledger) as database:
            database.execute("update run set name='20260101-00000000'")
        database.close()
        result = self.resolve()
        self.assertExit(result, 78)
        self.assertSays(result, "does not know run", self.ws.read_manifest()["run"])

    def test_a_report_without_manifest_is_refused(self):
        os.rename(self.ws.report + ".manifest.json", self.ws.file("away"))
        self.assertExit(self.resolve(), 78)

    def test_a_manifest_that_is_none_is_refused(self):
        self.ws.write("claims.report.csv.manifest.json", "{}")
        self.assertExit(self.resolve(), 65)

    def test_files_that_are_no_report_are_refused(self):
        self.assertExit(self.resolve(report="missing.report.csv"), 66)
        os.symlink(self.ws.report, self.ws.file("link.csv"))
        os.symlink(self.ws.report + ".manifest.json", self.ws.file("link.csv.manifest.json"))
        result = self.settle(3, "accepted", report="link.csv")
        self.assertRefused(result, 73, "link", before=self.before)
        self.assertTrue(os.path.islink(self.ws.file("link.csv")))

    def test_a_report_that_was_changed_is_refused_and_the_row_named(self):
        good = self.ws.read(self.ws.report)
        for old, new, words in (
            (b"CL00000002", b"CL00000009", "row 3"),
            (b",unknown,", b",unkown,", "row 3"),
            (b"2026-01-02 03:04:05", b"2026/1/2 3:04", "spreadsheet"),
            (b"\n", b"\r\n", "line ends"),
            (b"request_id,", b"id,", "no report"),
            (good[-40:], b"", "cut"),
            (good[good.index(b"\n") + 1 :], b"", "its rows are 0, not 3"),
            (b"unknown,", b"rejected,", "rows do not show"),
        ):
            with self.subTest(words):
                self.assertIn(old, good)
                self.ws.write("claims.report.csv", good.replace(old, new))
                changed = file_digest(self.ws.report)
                result = self.settle(3, "accepted")
                self.assertExit(result, 65)
                self.assertSays(result, words)
                self.assertEqual(file_digest(self.ws.report), changed)
        self.ws.write("claims.report.csv", good, mode=0o600)
        self.assertEqual(self.state(), self.before)

    def test_a_run_that_is_active_is_left_alone(self):
        with sqlite3.connect(self.ws.ledger) as database:
            ((run,),) = database.execute("select id from run")
        database.close()
        with open(self.ws.ledger + ".lock", "r+b") as lock:
            # struct flock of a lock that belongs to the open file: type, whence, start, length
            byte = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, run, 1, 0)
            fcntl.fcntl(lock, 37, byte)  # F_OFD_SETLK
            self.assertRefused(self.settle(3, "accepted"), 75, ") is active", before=self.before)
            self.assertRefused(self.resolve(), 75, ") is active", before=self.before)
        self.assertExit(self.settle(3, "accepted"), 0)

    def test_a_report_that_another_process_writes_is_left_alone(self):
        with open(self.ws.report + ".partial", "wb") as partial:
            fcntl.flock(partial, fcntl.LOCK_EX)
            self.assertRefused(
                self.settle(3, "accepted"), 75, "nothing was settled", before=self.before
            )
        self.assertExit(self.settle(3, "accepted"), 0)
        self.assertReportFitsManifest()

    def test_a_copy_is_brought_up_to_date_and_the_upload_mends_its_own(self):
        os.mkdir(self.ws.file("archive"))
        for name in ("claims.report.csv", "claims.report.csv.manifest.json"):
            self.ws.write("archive/" + name, self.ws.read(name))
        self.assertExit(self.settle(3, "accepted", report="archive/claims.report.csv"), 0)
        self.assertReportFitsManifest("archive/claims.report.csv")
        self.assertEqual(self.outcomes(), ["accepted", "unknown", "accepted"])
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.outcomes(), ["accepted"] * 3)
        self.assertEqual(len(self.web.requests), 3)


class CrashTest(ResolveCase):
    """Between the ledger's commit and the report's new name."""

    def setUp(self):
        super().setUp()
        self.upload_with_unknown(claim_rows(3), 2)
        self.old = {
            name: self.ws.read(name) for name in ("claims.report.csv", "claims.report.csv.manifest.json")
        }

    def crash(self, *names):
        """Puts back what a crash would have left."""
        for name in names:
            self.ws.write(name, self.old[name], mode=0o600)
        with sqlite3.connect(self.ws.ledger) as database:
            database.execute("update run set published=0")
        database.close()

    def assertMended(self, result):
        self.assertExit(result, 0)
        self.assertEqual(self.outcomes(), ["accepted"] * 3)
        self.assertEqual(self.lines()[3]["code"], "RESOLVED_ACCEPTED")
        self.assertReportFitsManifest()
        self.assertEqual(len(self.web.requests), 3)

    def test_resolve_again_publishes_what_the_ledger_knows(self):
        self.assertExit(self.settle(3, "accepted"), 0)
        self.crash(*self.old)
        result = self.resolve()
        self.assertSays(result, "brought up to date", "row 3 is accepted RESOLVED_ACCEPTED by now")
        self.assertMended(result)

    def test_the_same_decision_again_publishes_it_too(self):
        self.assertExit(self.settle(3, "accepted"), 0)
        self.crash(*self.old)
        self.assertMended(self.settle(3, "accepted"))

    def test_upload_publishes_it_too(self):
        self.assertExit(self.settle(3, "accepted"), 0)
        self.crash(*self.old)
        self.assertMended(self.upload())

    def test_a_manifest_left_behind_by_its_report_is_made_anew(self):
        self.assertExit(self.settle(3, "accepted"), 0)
        report = file_digest(self.ws.report)
        self.crash("claims.report.csv.manifest.json")
        result = self.resolve()
        self.assertMended(result)
        self.assertEqual(file_digest(self.ws.report), report)

    def resolve_with_little_room(self, room, *options):
        """No file can grow beyond so many bytes."""
        argv = [self.ws.binary, "resolve", "claims.report.csv", "-L", "ledger.db", "-g", self.web.url]
        return subprocess.run(
            [*argv, *options],
            cwd=self.ws.path,
            env=self.ws.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            restore_signals=False,  # SIGXFSZ stays ignored, so that writing fails
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        )

    def test_a_full_disk_loses_neither_the_settlement_nor_the_report(self):
        rows = [claim_row(100 + i, claim_desc="理赔" * 200) for i in range(100)]
        self.ws.export(claim_rows(3) + rows)
        self.lost = {"CL00000100"}
        self.assertExit(self.upload("--overwrite"), 3)
        before = self.raw_lines()
        codes = []
        for room in range(4096, 1 << 20, 16384):
            ended = self.resolve_with_little_room(room, "--row", "5", "--as", "accepted", *WORDS)
            codes.append(ended.returncode)
            if ended.returncode == 3:  # row 3 waits for another run
                break
            self.assertEqual(ended.returncode, 74, ended.stderr)
            self.assertEqual(self.raw_lines(), before)
        self.assertEqual(codes[-1], 3)
        self.assertGreater(len(codes), 3)
        self.assertEqual(self.lines()[5]["code"], "RESOLVED_ACCEPTED")
        self.assertReportFitsManifest()

    def test_a_list_that_does_not_fit_on_the_disk_leaves_nothing(self):
        ended = self.resolve_with_little_room(100, "-o", "list.csv")
        self.assertEqual(ended.returncode, 74, ended.stderr)
        self.assertEqual([n for n in os.listdir(self.ws.path) if n.startswith("list")], [])

    def test_a_run_killed_since_leaves_rows_that_resolve_lists(self):
        self.web.script = lambda request: Reply(
            http("{}") if self.web.released.wait(60) else b"", then="close"
        )
        self.assertExit(self.settle(3, "not-executed"), 0)
        run = self.ws.start_upload(self.web)
        self.web.wait_for_requests(4)
        run.process.kill()
        run.finish()
        self.web.released.set()
        result = self.resolve()
        self.assertExit(result, 3)
        self.assertSays(result, "1 row was in flight", "interrupted", "brought up to date")
        self.assertEqual(self.lines()[3]["code"], "RUN_ENDED")
        self.assertReportFitsManifest()
        self.assertFalse(self.ws.read_manifest()["complete"])
        self.assertExit(self.settle(3, "not-executed"), 0)
        self.web.script = accept
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.outcomes(), ["accepted"] * 3)
        self.assertEqual(len(self.web.requests), 5)


class LongerExportTest(ResolveCase):
    def leave_to_a_longer_export(self, *newer):
        """A run is killed, and its export grows before it goes on: the new run has the path."""
        self.ws.export(claim_rows(4))
        self.web.script = lambda request: Reply(
            http("{}") if self.web.released.wait(60) else b"", then="close"
        )
        run = self.ws.start_upload(self.web)
        self.web.wait_for_requests(4)
        run.process.kill()
        run.finish()
        self.web.released.set()
        self.web.script = accept
        self.ws.export([*newer, *claim_rows(6)[len(newer) :]])
        self.assertExit(self.upload(), 3)
        self.assertEqual(self.outcomes(), ["unknown"] * 4 + ["accepted"] * 2)

    def test_what_a_killed_run_left_to_a_longer_export_is_settled_there(self):
        self.leave_to_a_longer_export()
        listed = self.resolve()
        self.assertSays(listed, "to be settled here: 4", "--row N --as accepted")
        self.assertIn("settle it here", listed.out)
        self.assertExit(self.settle(2, "accepted"), 3)
        claim = ("--claim", "CL00000002", "--as", "accepted", *WORDS)
        self.assertExit(self.resolve(*claim), 3)
        everything = ("--all", "--expect-rows", 2, "--as", "accepted", *WORDS)
        self.assertSays(self.resolve(*everything), "judged anew", "claimbatch upload")
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.outcomes(), ["skipped"] * 4 + ["accepted"] * 2)
        self.assertEqual(len(self.web.requests), 6)
        self.assertSays(self.resolve(), "nothing is left to do")

    def test_what_was_not_executed_of_a_killed_run_is_sent_by_the_longer_export(self):
        self.leave_to_a_longer_export()
        self.assertExit(self.settle("2-4", "accepted"), 3)
        self.assertSays(self.settle(5, "not-executed"), "send what was not executed")
        self.assertExit(self.upload(), 0)
        self.assertEqual(self.outcomes(), ["skipped"] * 3 + ["accepted"] * 3)

    def test_other_content_that_a_killed_run_left_takes_a_list(self):
        self.leave_to_a_longer_export(claim_row(1, claim_fee="7"))
        listed = self.resolve()
        self.assertSays(listed, "to be settled here: 4", "other content of their claim: 1")
        self.assertIn("settle it here, with a list", " ".join(listed.out.split()))
        before = self.state()
        self.assertRefused(self.settle(2, "accepted"), 65, "list what is unknown", before=before)
        everything = ("--all", "--expect-rows", 3, "--as", "accepted", *WORDS)
        self.assertExit(self.resolve(*everything), 3)


class KilledTest(ResolveCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shim = cls.enterClassContext(preload("campaigns/shim/*.c"))

    def audit(self, code):
        result = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db")
        self.assertExit(result, code)
        return " ".join(result.out.split())

    def settle_and_be_killed(self, hit):
        """At the report's new name, or at its manifest's."""
        env = self.ws.environment(LD_PRELOAD=self.shim, CAMPAIGN_HIT=hit, CAMPAIGN_DO="kill-before")
        killed = self.ws.start(
            "resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url,
            "--row", "2", "--as", "accepted", *WORDS, env=env, binary=program("CLAIMBATCH_RELEASE"),
        ).finish()
        self.assertEqual(killed.code, -9, repr(killed))

    def check(self, hit):
        self.upload_with_unknown(claim_rows(3), 1, 2)
        self.assertNotIn("cut short", self.audit(0))
        self.settle_and_be_killed(hit)
        self.assertIn("claimbatch resolve claims.report.csv finishes that", self.audit(1))
        self.assertExit(self.resolve(), 3)
        self.assertNotIn("cut short", self.audit(0))

    def test_an_audit_of_a_report_that_was_not_written_says_how_it_is_finished(self):
        self.check("rename:1")

    def test_an_audit_of_a_report_whose_manifest_was_not_says_how_it_is_finished(self):
        self.check("rename:2")


@unittest.skipUnless(os.geteuid() == 0, "only root can be another user for a while")
class RootTest(TestCase):
    def as_nobody(self, *arguments):
        return subprocess.run(
            [self.ws.binary_for_others(), *arguments], cwd=self.ws.path, env=self.ws.environment(), user=65534, group=65534,
            extra_groups=[], capture_output=True, text=True, timeout=60, check=False,
        )

    def test_what_root_settles_is_not_in_the_way_of_the_daily_job(self):
        self.ws.export(claim_rows(2))
        os.mkdir(self.ws.file("own"))
        for name in (".", "own", "claims.csv", "secret"):
            os.chown(self.ws.file(name), 65534, 65534)
        gateway = self.gateway(lambda r: lose(r) if r.number == 1 else accept(r))
        upload = self.ws.upload_arguments(gateway, "-o", "own/claims.report.csv", ledger="own/ledger.db")
        result = self.as_nobody(*upload)
        self.assertEqual(result.returncode, 3, result.stderr)
        result = self.ws.run(
            "resolve", "own/claims.report.csv", "--ledger", "own/ledger.db", "--gateway", gateway.url, "--all",
            "--expect-rows", "1", "--as", "not-executed", "--by", "root", "--reason", "mail of the platform",
        )
        self.assertExit(result, 0)
        for name in os.listdir(self.ws.file("own")):
            self.assertEqual(os.stat(self.ws.file(f"own/{name}")).st_uid, 65534, name)
        result = self.as_nobody(*upload)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(gateway.requests), 3)


if __name__ == "__main__":
    unittest.main()
