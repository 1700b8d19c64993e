"""The same command again is always right (contract sections 1 and 5)."""

import contextlib
import os
import sqlite3
import unittest

import oracle
from harness import (
    NEW_LEDGER,
    LosingCase,
    Reply,
    TestCase,
    Turn,
    accept,
    claim_row,
    claim_rows,
    error_body,
    fail,
    file_digest,
    http,
    refuse,
)


class ResumeCase(TestCase):
    def assertTrueReport(self, gateway, **how):
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, gateway.journal, **how))

    def lines(self, report="claims.report.csv"):
        return self.ws.read_report(report)

    def outcomes(self):
        return [line["outcome"] for line in self.lines()]

    def codes(self):
        return [line["code"] for line in self.lines()]


class FinishedTest(ResumeCase):
    def test_a_finished_run_sends_nothing_and_leaves_its_files_as_they_are(self):
        self.ws.export(claim_rows(5))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        files = (self.ws.report, self.ws.report + ".manifest.json")
        before = [(file_digest(path), os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in files]
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "nothing is left to send")
        after = [(file_digest(path), os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in files]
        self.assertEqual(after, before)
        self.assertEqual(len(gateway.requests), 5)

    def test_a_report_that_was_saved_anew_is_told_and_kept(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        written = file_digest(self.ws.report)
        for text in (b"", b"row;note\n2;mine\n"):
            with self.subTest(text):
                with open(self.ws.report, "wb") as file:
                    file.write(text)
                result = self.ws.upload(gateway)
                self.assertExit(result, 0)
                self.assertSays(result, "is not as it was written", "move it away")
                self.assertEqual(self.ws.read(self.ws.report), text)
        os.unlink(self.ws.report)
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertNotIn("is not as it was written", result.log)
        self.assertEqual(file_digest(self.ws.report), written)
        self.assertEqual(len(gateway.requests), 3)

    def test_a_report_of_an_earlier_end_elsewhere_is_not_taken_for_that_of_the_last(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", 1, "-o", "early.csv"), 4)
        self.assertExit(self.ws.upload(gateway), 0)
        result = self.ws.upload(gateway, "-o", "early.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "written again")
        self.assertTally({"accepted": 3}, report="early.csv")
        self.assertEqual(len(gateway.requests), 3)
        again = file_digest(self.ws.file("early.csv"))
        self.assertSays(self.ws.upload(gateway, "-o", "early.csv"), "stays as it is")
        self.assertEqual(file_digest(self.ws.file("early.csv")), again)

    def test_it_repeats_the_exit_code_of_rows_that_stay_as_they_are(self):
        self.ws.export(claim_rows(2) + [claim_row(3, claim_fee="x")])
        for script, code in ((refuse, 1), (lambda r: Reply(then="close"), 3)):
            with self.subTest(code):
                gateway = self.gateway(script)
                options = ("--ledger", f"ledger{code}", "--overwrite", *NEW_LEDGER)
                self.assertExit(self.ws.upload(gateway, *options), code)
                sent = len(gateway.requests)
                self.assertExit(self.ws.upload(gateway, *options), code)
                self.assertEqual(len(gateway.requests), sent)

    def test_failed_rows_are_sent_again_and_the_others_are_not(self):
        self.ws.export(claim_rows(6))
        ill = {"CL00000002", "CL00000005"}
        gateway = self.gateway(
            lambda r: Reply(http(error_body(10))) if r.key[1] in ill else accept(r)
        )
        result = self.ws.upload(gateway, "--retries", "0")
        self.assertExit(result, 1)
        self.assertTally({"accepted": 4, "failed": 2})
        self.assertSays(result, "next: ", "upload claims.csv")
        sent = len(gateway.requests)
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--retries", "0"), 0)
        self.assertEqual({key[1] for key in gateway.keys()[sent:]}, ill)
        self.assertEqual(len(gateway.requests), sent + 2)
        self.assertTally({"accepted": 6})
        self.assertTrueReport(gateway, starts=2)

    def test_rejected_and_unknown_rows_are_not_sent_again(self):
        self.ws.export(claim_rows(4))
        scripts = {"CL00000002": refuse, "CL00000003": lambda r: Reply(then="close")}
        gateway = self.gateway(lambda r: scripts.get(r.key[1], accept)(r))
        self.assertExit(self.ws.upload(gateway), 3)
        gateway.script = accept
        self.assertExit(self.ws.upload(gateway), 3)
        self.assertEqual(len(gateway.requests), 4)
        self.assertEqual(self.outcomes(), ["accepted", "rejected", "unknown", "accepted"])

    def test_a_stopped_run_goes_on_where_it_ended_and_says_so(self):
        self.ws.export(claim_rows(10))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "4"), 4)
        first = self.ws.read_manifest()
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "goes on", first["run"])
        manifest = self.ws.read_manifest()
        self.assertEqual(manifest["run"], first["run"])
        self.assertEqual(manifest["replaced"], [first["report"]["sha256"]])
        self.assertEqual(len(gateway.requests), 10)
        self.assertTrueReport(gateway, starts=2)


class PublishTest(ResumeCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(5))
        self.web = self.gateway()
        self.assertExit(self.ws.upload(self.web), 0)

    def publish_again(self):
        result = self.ws.upload(self.web)
        self.assertExit(result, 0)
        self.assertEqual(len(self.web.requests), 5)
        self.assertTrueReport(self.web)
        return result

    def test_a_report_that_is_gone_is_made_anew_and_nothing_is_sent(self):
        before = file_digest(self.ws.report)
        os.unlink(self.ws.report)
        self.publish_again()
        self.assertEqual(file_digest(self.ws.report), before)

    def test_a_manifest_that_is_gone_is_made_anew(self):
        os.unlink(self.ws.report + ".manifest.json")
        self.publish_again()

    def test_both_gone_are_made_anew(self):
        os.unlink(self.ws.report)
        os.unlink(self.ws.report + ".manifest.json")
        self.publish_again()

    def test_what_an_interrupted_publication_left_does_not_disturb(self):
        for name in ("claims.report.csv.partial", "claims.report.csv.manifest.json.partial"):
            self.ws.write(name, "half a report")
        os.unlink(self.ws.report)
        self.publish_again()
        self.assertEqual([n for n in os.listdir(self.ws.path) if n.endswith(".partial")], [])


class CutPublicationTest(LosingCase):
    """A kill came between a report, which has an unknown row, and its manifest; then that row is settled."""

    def test_what_was_settled_meanwhile_is_in_the_report(self):
        self.lost = {"CL00000003"}
        self.ws.export(claim_rows(5))
        self.assertExit(self.ws.upload(self.web, "--retries", "0"), 3)
        manifest = self.ws.report + ".manifest.json"
        os.rename(manifest, manifest + ".partial")
        with contextlib.closing(sqlite3.connect(self.ws.ledger, isolation_level=None)) as ledger:
            ledger.execute("UPDATE run SET published=0")
        word = ("--as", "accepted", "--by", "desk", "--reason", "looked up")
        gateway = ("--ledger", "ledger.db", "--gateway", self.web.url)
        self.assertExit(self.ws.run("resolve", "--claim", "CL00000003", *word, *gateway), 0)
        self.assertExit(self.ws.upload(self.web, "--retries", "0"), 0)
        self.assertTally({"accepted": 5})
        self.assertEqual(len(self.web.requests), 5)
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db"), 0)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "ledger.db"), 0)


class NewExportTest(ResumeCase):
    def test_invalid_rows_fixed_in_the_export_are_sent_and_accepted_ones_are_not(self):
        rows = claim_rows(4)
        rows[1] = claim_row(2, claim_fee="12,50")
        self.ws.export(rows)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertEqual(self.outcomes(), ["accepted", "invalid", "accepted", "accepted"])
        first = list(gateway.journal)
        rows[1] = claim_row(2)
        self.ws.export(rows)
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertEqual(self.outcomes(), ["skipped", "accepted", "skipped", "skipped"])
        self.assertEqual(self.codes()[0], "ALREADY_ACCEPTED")
        self.assertRegex(self.lines()[2]["message"], r"row 4\b.* at 20\d\d-")
        self.assertRegex(result.err, r"accepted already: 3\b.*\bnew: 1\b", repr(result))
        self.assertEqual(len(gateway.requests), 4)
        journal = gateway.journal[len(first) :]
        found = oracle.judge(self.ws.claims, self.ws.report, journal, earlier=first)
        self.assertNoViolations(found)

    def test_changed_content_is_sent_with_a_warning_that_is_counted_with_its_money(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        first = list(gateway.journal)
        rows = claim_rows(3)
        rows[1]["claim_fee"] = "4200"
        self.ws.export(rows)
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertEqual(self.outcomes(), ["skipped", "accepted", "skipped"])
        self.assertEqual(self.lines()[1]["warnings"], "CHANGED_SINCE_ACCEPTED")
        self.assertEqual(len(gateway.requests), 4)
        self.assertSays(result, "42.00 yuan", "changed")
        journal = gateway.journal[len(first) :]
        found = oracle.judge(self.ws.claims, self.ws.report, journal, earlier=first)
        self.assertNoViolations(found)

    def test_a_rejected_claim_may_be_sent_with_a_new_export(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(Turn(refuse, refuse, accept))
        self.assertExit(self.ws.upload(gateway), 1)
        self.ws.export(claim_rows(3))
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertTally({"accepted": 3})

    def test_an_unsettled_claim_is_sent_by_no_export_whatever_its_content(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(
            lambda r: Reply(then="close") if r.key[1] == "CL00000001" else accept(r)
        )
        self.assertExit(self.ws.upload(gateway), 3)
        gateway.script = accept
        rows = claim_rows(3)
        rows[0]["claim_fee"] = "777"
        self.ws.export(rows)
        result = self.ws.upload(gateway)
        self.assertExit(result, 3)
        self.assertEqual(self.outcomes(), ["unknown", "skipped", "accepted"])
        self.assertEqual(self.codes()[0], "UNSETTLED")
        self.assertEqual(self.lines()[0]["attempts"], "0")
        self.assertEqual(len(gateway.requests), 3)
        # A third export at another path knows of it as well.
        self.ws.export(rows[:1], name="third.csv")
        self.assertExit(self.ws.upload(gateway, claims="third.csv"), 3)
        self.assertEqual(len(gateway.requests), 3)

    def test_an_older_export_does_not_undo_a_newer_one(self):
        old, new = claim_rows(1), [claim_row(1, claim_fee="999")]
        self.ws.export(old)
        gateway = self.gateway(lambda r: Reply(http(error_body(10))))
        self.assertExit(self.ws.upload(gateway, "--retries", "0"), 1)  # the older run: failed
        gateway.script = accept
        self.ws.export(new, name="new.csv")
        self.assertExit(self.ws.upload(gateway, claims="new.csv"), 0)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(self.codes(), ["SUPERSEDED"])
        self.assertEqual([r.claim["claim_fee"] for r in gateway.requests], [101, 999])


class OneFileTest(ResumeCase):
    """Several rows of one claim in one export."""

    def test_the_same_content_again_is_sent_once_and_names_the_row(self):
        self.ws.export([claim_row(1), claim_row(2), claim_row(1), claim_row(1)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(self.outcomes(), ["accepted", "accepted", "skipped", "skipped"])
        self.assertEqual(self.codes()[2:], ["DUPLICATE_IN_FILE"] * 2)
        self.assertRegex(self.lines()[2]["message"], r"row 2\b")
        self.assertRegex(self.lines()[3]["message"], r"row 4\b")
        self.assertTrueReport(gateway)

    def test_a_duplicate_counts_in_the_exit_code_as_the_row_it_repeats(self):
        self.ws.export([claim_row(1), claim_row(1)])
        for script, code in (
            (refuse, 1),
            (lambda r: Reply(then="close"), 3),
            (lambda r: Reply(http(error_body(10))), 1),
        ):
            with self.subTest(code):
                gateway = self.gateway(script)
                name = f"l{len(os.listdir(self.ws.path))}"
                options = ("--ledger", name, "--overwrite", *NEW_LEDGER, "--retries", "0")
                self.assertExit(self.ws.upload(gateway, *options), code)
                self.assertEqual(len(gateway.requests), 1)
                self.assertTrueReport(gateway)

    def test_changed_content_of_one_claim_is_sent_in_file_order(self):
        self.ws.export([claim_row(1), claim_row(1, claim_fee="5"), claim_row(1)])
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual([r.claim["claim_fee"] for r in gateway.requests], [101, 5, 101])
        self.assertEqual(
            [line["warnings"] for line in self.lines()],
            ["", "CHANGED_SINCE_ACCEPTED", "CHANGED_SINCE_ACCEPTED"],
        )
        self.assertTrueReport(gateway)

    def test_a_later_row_waits_for_an_earlier_one_that_is_open(self):
        rows = [claim_row(1), claim_row(1, claim_fee="5"), claim_row(2)]
        for name, script, code, outcome in (
            ("failed", lambda r: Reply(http(error_body(10))), 1, "failed"),
            ("unknown", lambda r: Reply(then="close"), 3, "unknown"),
        ):
            with self.subTest(name):
                self.ws.export(rows)
                gateway = self.gateway(
                    lambda r: script(r) if r.key[1] == "CL00000001" else accept(r)
                )
                options = (
                    "--ledger",
                    "l" + name,
                    "--overwrite",
                    *NEW_LEDGER,
                    "--retries",
                    "0",
                )
                self.assertExit(self.ws.upload(gateway, *options), code)
                self.assertEqual(self.outcomes(), [outcome, "unsent", "accepted"])
                self.assertEqual(self.codes()[1], "EARLIER_ROW_OPEN")
                self.assertRegex(self.lines()[1]["message"], r"row 2\b")
                self.assertTrueReport(gateway)
                gateway.script = accept
                if name == "failed":
                    self.assertExit(self.ws.upload(gateway, *options), 0)
                    self.assertEqual(self.outcomes(), ["accepted", "accepted", "accepted"])
                else:
                    self.assertExit(self.ws.upload(gateway, *options), 3)
                    self.assertEqual(self.outcomes(), [outcome, "unsent", "accepted"])
                self.assertTrueReport(gateway, starts=2)

    def test_a_later_row_is_sent_after_an_earlier_one_was_rejected_or_is_invalid(self):
        self.ws.export(
            [
                claim_row(1),
                claim_row(1, claim_fee="5"),
                claim_row(2, claim_time="never"),
                claim_row(2),
            ]
        )
        gateway = self.gateway(lambda r: refuse(r) if r.number == 1 else accept(r))
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 1)
        self.assertEqual(self.outcomes(), ["rejected", "accepted", "invalid", "accepted"])
        self.assertTrueReport(gateway)


class RefusalTest(ResumeCase):
    def test_going_on_with_another_reading_is_refused_and_both_are_shown(self):
        self.ws.export(claim_rows(6))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "2"), 4)
        for options in (
            ("--fee-unit", "fen", "--column", "claim_fee=claim_count", "--column", "claim_count=claim_fee"),
            ("--max-fee", "1"),
        ):
            with self.subTest(options):
                result = self.ws.upload(gateway, *options)
                self.assertExit(result, 78)
                self.assertSays(result, "nothing was sent", "then:", "now:")
        self.assertEqual(len(gateway.requests), 2)
        self.assertExit(self.ws.upload(gateway), 0)

    def test_another_reading_of_rows_that_were_never_sent_goes_on_and_is_recorded(self):
        rows = [dict(row) for row in claim_rows(4)]
        rows[1]["claim_status"] = "已结案"
        self.ws.export(rows)
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertEqual(self.outcomes(), ["accepted", "invalid", "accepted", "accepted"])
        run = self.ws.read_manifest()["run"]
        result = self.ws.upload(gateway, "--status", "已结案=1", "--rule", "date-only=error")
        self.assertExit(result, 0)
        self.assertEqual(self.outcomes(), ["accepted"] * 4)
        self.assertEqual(len(gateway.requests), 4)
        manifest = self.ws.read_manifest()
        self.assertEqual(manifest["run"], run)
        self.assertEqual(manifest["reading"]["statuses"]["已结案"], 1)
        (note,) = [event["text"] for event in manifest["events"] if "read in another way" in event.get("text", "")]
        self.assertIn("status:已结案=1", note)
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--export", "claims.csv"), 0)
        # The word means another thing now, and its row was sent.
        result = self.ws.upload(gateway, "--status", "已结案=0")
        self.assertExit(result, 78)
        self.assertSays(result, "row 3", "then:", "now:", "nothing was sent")
        self.assertEqual(len(gateway.requests), 4)

    def test_another_ledger_than_the_manifest_names_is_refused(self):
        self.ws.export(claim_rows(6))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "2"), 4)
        named = self.ws.read_manifest()["ledger_id"]
        result = self.ws.upload(gateway, ledger="other.db")
        self.assertExit(result, 78)
        self.assertSays(result, named, "--new-ledger", "nothing was sent")
        self.assertEqual(len(gateway.requests), 2)
        self.assertExit(self.ws.upload(gateway, *NEW_LEDGER, ledger="other.db"), 0)
        self.assertEqual(len(gateway.requests), 8)

    def test_a_report_elsewhere_does_not_hide_the_manifest_beside_the_export(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        named = self.ws.read_manifest()["ledger_id"]
        os.mkdir(self.ws.file("reports"))
        result = self.ws.upload(gateway, "-o", "reports/claims.csv", ledger="other.db")
        self.assertExit(result, 78)
        self.assertSays(result, named, "claims.report.csv", "--new-ledger", "nothing was sent")
        # Another content is another export, and what the ledger knows was meant.
        self.ws.export(claim_rows(3))
        options = ("-o", "reports/claims.csv")
        self.assertExit(self.ws.upload(gateway, *options, *NEW_LEDGER, ledger="other.db"), 0)
        self.assertExit(self.ws.upload(gateway, *options, ledger="other.db"), 0)
        self.assertEqual(len(gateway.requests), 5)

    def test_another_platform_is_another_run_and_knows_nothing_of_the_first(self):
        self.ws.export(claim_rows(3))
        one, other = self.gateway(), self.gateway()
        self.assertExit(self.ws.upload(one), 0)
        refused = self.ws.upload(other)
        self.assertExit(refused, 78)
        self.assertSays(refused, one.url, other.url, "nothing was sent")
        self.assertExit(self.ws.upload(other, "-o", "other.report.csv"), 0)
        self.assertEqual((len(one.requests), len(other.requests)), (3, 3))

    def test_the_app_key_is_no_part_of_a_claim(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(check=False)
        self.assertExit(self.ws.upload(gateway), 0)
        self.ws.export(claim_rows(4))
        self.assertExit(self.ws.upload(gateway, "--app-key", "87654321"), 0)
        self.assertEqual(len(gateway.requests), 4)

    def test_a_ledger_of_rubbish_is_refused(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        self.ws.write("ledger.db", b"this is no ledger at all" * 100, mode=0o600)
        result = self.ws.upload(gateway)
        self.assertIn(result.code, (73, 74, 78), repr(result))
        self.assertSays(result, "nothing was sent")
        self.assertEqual(gateway.requests, [])

    def test_a_database_of_another_program_is_refused(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        with sqlite3.connect(self.ws.ledger) as database:
            database.execute("create table mine (x)")
        database.close()
        result = self.ws.upload(gateway)
        self.assertIn(result.code, (73, 74, 78), repr(result))
        self.assertEqual(gateway.requests, [])

    def test_a_ledger_others_can_read_is_made_private(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(fail(25))
        self.assertExit(self.ws.upload(gateway), 77)
        self.assertEqual(self.ws.mode("ledger.db"), 0o600)


if __name__ == "__main__":
    unittest.main()
