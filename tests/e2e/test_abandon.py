"""status --abandon: a run of a wrong file is over (contract section 1)."""

import json
import os
import signal
import sqlite3
import unittest

from harness import Reply, TestCase, accept, claim_row, claim_rows, file_digest

WORDS = ("--by", "Li", "--reason", "the file of another office")


def silent_from(number):
    """Answers the first requests, and then none."""

    def script(request):
        return accept(request) if request.number <= number else Reply(b"")

    return script


class AbandonCase(TestCase):
    def status(self, *options):
        return self.ws.run("status", "--ledger", "ledger.db", *options)

    def runs(self):
        return json.loads(self.status("--json", "--all").out)["runs"]

    def name(self, index=0):
        return self.runs()[index]["run"]

    def abandon(self, *options, run=None):
        return self.status("--abandon", run or self.name(), *WORDS, *options)

    def query(self, text):
        with sqlite3.connect(self.ws.file("ledger.db")) as ledger:
            return ledger.execute(text).fetchall()

    def rerun(self, gateway, report="claims.report.csv", *options):
        arguments = self.ws.upload_arguments(gateway, *options, claims=report)
        return self.ws.run("rerun", *arguments[1:])

    def audit(self, *reports):
        return self.ws.run("audit", *(reports or ("claims.report.csv",)), "--ledger", "ledger.db")

    def assertOver(self, result):
        self.assertExit(result, 65)
        self.assertSays(
            result, "abandoned", "Li", "the file of another office", "Correct the export",
            "nothing was sent"
        )

    def killed(self, gateway, count=3):
        run = self.ws.start_upload(gateway, "--in-flight", "1")
        gateway.wait_for_requests(count)
        run.send_signal(signal.SIGKILL)
        run.finish()
        gateway.wait_until_left()


class StoppedTest(AbandonCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(5))
        self.gate = self.gateway()
        self.assertExit(self.ws.upload(self.gate, "--limit", "2"), 4)

    def test_none_of_its_rows_is_sent_any_more(self):
        before = file_digest(self.ws.report)
        result = self.abandon()
        self.assertExit(result, 0)
        self.assertIn("abandoned", result.out)
        self.assertOver(self.ws.upload(self.gate))
        self.assertOver(self.ws.upload(self.gate, "--dry-run"))
        self.assertOver(self.ws.upload(self.gate, "--resubmit", *WORDS))
        self.assertOver(self.rerun(self.gate))
        self.assertOver(self.rerun(self.gate, "claims.report.csv", "--include", "rejected"))
        self.assertEqual(len(self.gate.requests), 2)
        self.assertEqual(file_digest(self.ws.report), before)
        self.assertExit(self.audit(), 0)
        self.assertExit(self.status("--verify"), 0)

    def test_status_shows_who_when_and_why(self):
        self.assertExit(self.abandon(), 0)
        shown = self.status()
        self.assertRegex(shown.out, r"run \S+  abandoned")
        self.assertRegex(shown.out, r"abandoned 20\d\d-\S+ \S+ by Li: the file of another office")
        self.assertNotIn("same command", shown.out + shown.err)
        run = self.runs()[0]
        self.assertEqual(run["state"], "abandoned")
        self.assertEqual(run["abandoned"]["by"], "Li")
        self.assertEqual(run["open_rows"], 0)

    def test_the_corrected_export_is_a_new_run(self):
        self.assertExit(self.abandon(), 0)
        self.ws.export([claim_row(1), claim_row(2, claim_fee="777"), claim_row(9)])
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertTally({"skipped": 1, "accepted": 2})
        self.assertExit(self.audit(), 0)
        self.assertEqual([run["state"] for run in self.runs()], ["finished", "abandoned"])

    def test_the_first_word_stands(self):
        name = self.name()
        self.assertExit(self.abandon(run=name), 0)
        first = self.runs()[0]["abandoned"]
        again = self.status("--abandon", name, "--by", "Wang", "--reason", "me too")
        self.assertExit(again, 0)
        self.assertSays(again, "abandoned before")
        self.assertEqual(self.runs()[0]["abandoned"], first)

    def test_reruns_and_corrections_of_it_are_over_too(self):
        self.assertExit(self.rerun(self.gate, "claims.report.csv", "--limit", "1"), 4)
        self.assertExit(self.abandon(run=self.name(1)), 0)
        self.assertEqual([run["state"] for run in self.runs()], ["abandoned"] * 2)
        self.assertOver(self.rerun(self.gate))
        self.assertOver(self.rerun(self.gate, "claims.report.rerun-1.csv"))
        self.assertExit(self.audit("claims.report.csv", "claims.report.rerun-1.csv"), 0)
        self.assertEqual(len(self.gate.requests), 3)

    def test_a_rerun_alone_may_be_over(self):
        self.assertExit(self.rerun(self.gate, "claims.report.csv", "--limit", "1"), 4)
        result = self.abandon()
        self.assertExit(result, 0)
        self.assertSays(result, "sent by the upload that it was a re-run of, typed again")
        self.assertNotIn("correct the export", result.err)
        self.assertOver(self.rerun(self.gate))
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(len(self.gate.requests), 5)

    def test_pruning_takes_it_as_ended_and_keeps_that_it_is_over(self):
        self.assertExit(self.abandon(), 0)
        self.assertExit(self.status("--prune", "0"), 0)
        run = self.runs()[0]
        self.assertEqual((run["state"], run["abandoned"]["by"]), ("pruned", "Li"))
        self.assertIn("by Li", self.status().out)
        self.assertOver(self.ws.upload(self.gate))
        self.assertEqual(len(self.gate.requests), 2)

    def test_a_run_that_was_pruned_can_be_abandoned(self):
        self.assertExit(self.status("--prune", "0"), 0)
        self.assertExit(self.abandon(), 0)
        self.assertOver(self.ws.upload(self.gate))

    def test_a_backup_without_it_is_known_to_lack_something(self):
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.abandon(), 0)
        os.replace(self.ws.file("backup.db"), self.ws.file("ledger.db"))
        for name in ("ledger.db-wal", "ledger.db-shm"):
            if os.path.exists(self.ws.file(name)):
                os.remove(self.ws.file(name))
        result = self.ws.upload(self.gate)
        self.assertExit(result, 78)
        self.assertEqual(len(self.gate.requests), 2)

    def test_what_is_typed_wrong_changes_nothing(self):
        name = self.name()
        for arguments, code, words in (
            (("--abandon", name), 2, "--by"),
            (("--abandon", name, "--by", "Li"), 2, "--reason"),
            (("--by", "Li", "--reason", "x"), 2, "--abandon"),
            (("--abandon", name, "--verify", *WORDS), 2, "--abandon"),
            (("--abandon", "20260101-00000000", *WORDS), 66, "20260101-00000000"),
            (("--abandon", "", *WORDS), 2, "--abandon"),
        ):
            with self.subTest(arguments):
                result = self.status(*arguments)
                self.assertExit(result, code)
                self.assertSays(result, words)
        self.assertEqual(self.runs()[0]["abandoned"], None)
        self.assertExit(self.ws.upload(self.gate), 0)


class ProblemsTest(AbandonCase):
    def test_a_list_of_problems_of_it_is_over_too(self):
        self.ws.export(claim_rows(2) + [claim_row(3, claim_time="2022-12-40 10:00:00")])
        gateway = self.gateway()
        self.assertExit(self.ws.run("check", "claims.csv", "-o", "problems.csv"), 1)
        self.assertExit(self.ws.upload(gateway), 1)
        self.assertExit(self.abandon(), 0)
        with open(self.ws.file("problems.csv"), encoding="utf-8-sig", newline="") as file:
            self.ws.write("problems.csv", file.read().replace("-40", "-10").encode())
        self.assertOver(self.ws.upload(gateway, claims="problems.csv"))
        self.assertEqual(len(gateway.requests), 2)


class UnknownTest(AbandonCase):
    def test_unknown_rows_stay_unknown_and_are_settled_by_resolve(self):
        self.ws.export(claim_rows(4))
        gateway = self.gateway(lambda request: Reply(b"", then="close") if request.number < 3 else accept(request))
        self.assertExit(self.ws.upload(gateway, "--limit", "3", "--in-flight", "1"), 4)
        self.assertTally({"unknown": 2, "accepted": 1, "unsent": 1})
        result = self.abandon()
        self.assertExit(result, 0)
        self.assertSays(result, "unknown", "claimbatch resolve")
        self.assertExit(self.audit(), 0)
        settle = ("--by", "Li", "--reason", "asked", "--ledger", "ledger.db", "--yes")
        gate = ("--gateway", gateway.url)
        result = self.ws.run(
            "resolve", "claims.report.csv", "--row", "2", "--as", "not-executed", *settle, *gate
        )
        self.assertExit(result, 3)
        result = self.ws.run(
            "resolve", "claims.report.csv", "--row", "3", "--as", "accepted", *settle, *gate
        )
        self.assertExit(result, 0)
        self.assertNotIn("upload", result.err)
        self.assertSays(result, "abandoned", "nothing is left to do")
        self.assertTally({"failed": 1, "accepted": 2, "unsent": 1})
        self.assertExit(self.audit(), 0)
        self.assertOver(self.ws.upload(gateway))
        self.assertNotIn("same command", self.status().out)
        self.assertExit(self.status("--verify"), 0)


class KilledTest(AbandonCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(6))
        self.gate = self.gateway(silent_from(2), check=False)
        self.killed(self.gate)
        self.gate.script = accept

    def test_what_was_in_flight_is_unknown_and_nothing_else_is_sent(self):
        sent = len(self.gate.requests)
        result = self.abandon()
        self.assertExit(result, 0)
        self.assertSays(result, "claimbatch resolve")
        self.assertRegex(result.err, "(it is|they are) unknown now")  # how many is chance
        self.assertEqual(self.query("SELECT count(*) FROM open_attempt WHERE intent=1"), [(0,)])
        self.assertEqual(self.runs()[0]["state"], "abandoned")
        self.assertSays(self.status(), "--claim ORDER_NO")
        self.assertOver(self.ws.upload(self.gate))
        self.assertEqual(len(self.gate.requests), sent)
        self.assertExit(self.status("--verify"), 0)

    def test_its_start_is_in_nobodys_way(self):
        self.assertExit(self.abandon(), 0)
        for day in range(2):
            self.ws.export(claim_rows(3, first=101 + 10 * day))
            self.assertExit(self.ws.upload(self.gate), 0)
            self.assertTally({"accepted": 3})
            self.assertExit(self.audit(), 0)

    def test_its_unknown_claims_are_settled_without_a_report(self):
        self.assertExit(self.abandon(), 0)
        found = json.loads(self.status("--json").out)
        # How many answers were stored when it was killed is chance.
        stored = found["runs"][0]["outcomes"]["accepted"]["rows"]
        self.assertGreaterEqual(len(found["unknown"]), 1)
        for row in found["unknown"]:
            result = self.ws.run(
                "resolve", "--claim", row["claim_order_no"], "--as", "not-executed", "--ledger",
                "ledger.db", "--gateway", self.gate.url, "--yes", *WORDS
            )
            self.assertExit(result, 0)
            self.assertNotIn("claims.report.csv", result.err)
        self.assertOver(self.ws.upload(self.gate))
        self.ws.export(claim_rows(6) + [claim_row(7)])
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertTally({"skipped": stored, "accepted": 7 - stored})

    def test_pruning_takes_it_as_ended(self):
        self.assertExit(self.abandon(), 0)
        for row in json.loads(self.status("--json").out)["unknown"]:
            self.assertExit(
                self.ws.run(
                    "resolve", "--claim", row["claim_order_no"], "--as", "accepted", "--ledger",
                    "ledger.db", "--gateway", self.gate.url, "--yes", *WORDS
                ),
                0,
            )
        self.assertExit(self.status("--prune", "0"), 0)
        self.assertEqual(self.runs()[0]["state"], "pruned")
        self.assertOver(self.ws.upload(self.gate))

    def test_its_earlier_report_agrees_as_far_as_it_goes(self):
        self.ws.export(claim_rows(6, first=51), name="b.csv")
        self.assertExit(self.ws.upload(self.gate, "--limit", "2", claims="b.csv"), 4)
        self.gate.script = lambda request: Reply(b"")
        run = self.ws.start_upload(self.gate, "--in-flight", "1", claims="b.csv")
        self.gate.wait_for_requests(len(self.gate.requests) + 1)
        run.send_signal(signal.SIGKILL)
        run.finish()
        self.gate.script = accept
        self.assertExit(self.abandon(), 0)
        result = self.audit("b.report.csv")
        self.assertExit(result, 1)
        self.assertIn("abandoned", result.out)
        self.assertNotIn("same command", result.out)
        result = self.ws.run(
            "resolve", "b.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url
        )
        self.assertExit(result, 3)
        self.assertExit(self.audit("b.report.csv"), 0)


class KilledAbandonTest(AbandonCase):
    def test_one_that_is_killed_before_its_commit_has_changed_nothing(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "1"), 4)
        name = self.name()
        holder = sqlite3.connect(self.ws.file("ledger.db"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        run = self.ws.start("status", "--ledger", "ledger.db", "--abandon", name, *WORDS)
        while not os.path.exists(f"/proc/{run.process.pid}/fd"):
            self.assertTrue(run.is_alive())
        run.send_signal(signal.SIGKILL)
        run.finish()
        holder.execute("ROLLBACK")
        holder.close()
        self.assertEqual(self.runs()[0]["abandoned"], None)
        self.assertExit(self.abandon(run=name), 0)
        self.assertOver(self.ws.upload(gateway))


class NothingSentTest(AbandonCase):
    def test_the_start_of_a_run_that_sent_nothing_is_removed(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, "--limit", "0"), 4)
        self.query("UPDATE run SET finished_ms=0, published=0, stopped_because=''")
        self.ws.write("claims.report.csv.started.json", self.ws_manifest())
        self.assertExit(self.abandon(), 0)
        self.assertFalse(os.path.exists(self.ws.file("claims.report.csv.started.json")))

    def ws_manifest(self):
        return self.ws.read(self.ws.report + ".manifest.json")


class ActiveTest(AbandonCase):
    def test_an_active_run_is_not_abandoned(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(silent_from(0), check=False)
        run = self.ws.start_upload(gateway, "--in-flight", "1")
        gateway.wait_for_requests(1)
        result = self.abandon()
        self.assertExit(result, 75)
        self.assertSays(result, "active", str(run.process.pid))
        self.assertEqual(self.runs()[0]["state"], "active")
        run.send_signal(signal.SIGKILL)
        run.finish()
        self.assertExit(self.abandon(), 0)

    def test_one_whose_rerun_is_active_is_not_either(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(check=False)
        self.assertExit(self.ws.upload(gateway, "--limit", "1"), 4)
        gateway.script = lambda request: Reply(b"")
        arguments = self.ws.upload_arguments(gateway, claims="claims.report.csv")
        run = self.ws.start("rerun", *arguments[1:])
        gateway.wait_for_requests(2)
        self.assertExit(self.abandon(run=self.name(1)), 75)
        self.assertEqual([r["abandoned"] for r in self.runs()], [None, None])
        run.send_signal(signal.SIGKILL)
        run.finish()


class KindTest(AbandonCase):
    def test_the_unattended_upload_is_told_that_it_is_over(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertExit(self.abandon(), 0)
        self.assertOver(self.ws.upload(gateway, "--expect-new"))


if __name__ == "__main__":
    unittest.main()
