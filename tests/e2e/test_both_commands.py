"""What holds for an upload holds for a rerun: each property is run over both commands, so that none is
built for the one and forgotten for the other."""

import functools
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
import unittest

from harness import (
    FreshWorkspace,
    Reply,
    TestCase,
    accept,
    accepted_body,
    ban_body,
    claim_row,
    claim_rows,
    fail,
    http,
    lose,
    refuse,
    tally,
)

LEDGER = ("", "-wal", "-shm")


class Upload:
    """Sends the rows of an export."""

    report = "claims.report.csv"
    source = "claims.csv"

    def __init__(self, case):
        self.case = case
        self.ws = case.ws
        self.web = case.gateway(check=False)
        self.before = 0

    def prepare(self, rows):
        self.ws.export(rows)
        return self

    def arguments(self, *options, ledger="ledger.db"):
        return self.ws.upload_arguments(self.web, *options, ledger=ledger)

    def run(self, *options, code=None, **how):
        result = self.ws.run(*self.arguments(*options, **how))
        if code is not None:
            self.case.assertExit(result, code)
        return result

    def start(self, *options):
        return self.ws.start(*self.arguments(*options))

    def answer(self, script):
        self.web.script = script

    def sent(self):
        """The claims on the wire, but for what came before it all."""
        return [key[1] for key in self.web.keys()[self.before :]]

    def lines(self):
        return self.ws.read_report(self.report)

    def tally(self):
        return {outcome: rows for outcome, rows in tally(self.lines()).items() if rows}

    def manifest(self):
        return self.ws.read_manifest(self.report)

    def exists(self, suffix=""):
        return os.path.exists(self.ws.file(self.report + suffix))


class Rerun(Upload):
    """Sends the same rows from the report of an upload in which all of them failed."""

    report = "claims.report.rerun-1.csv"
    source = "claims.report.csv"

    def prepare(self, rows):
        super().prepare(rows)
        self.answer(fail(1))
        upload = super().arguments("--retries", 0, "--max-changed", "100%")
        self.case.assertExit(self.ws.run(*upload), 1)
        self.answer(accept)
        self.before = len(self.web.keys())
        return self

    def arguments(self, *options, ledger="ledger.db"):
        found = self.ws.upload_arguments(self.web, *options, claims=self.source, ledger=ledger)
        return ("rerun", *found[1:])


def of_both(test):
    @functools.wraps(test)
    def run(self):
        for command in (Upload, Rerun):
            with self.subTest(command.__name__), FreshWorkspace(self):
                test(self, command(self))

    return run


def name_of(number):
    return f"CL{number:08d}"


class BothCase(TestCase):
    def hold(self, send, number):
        """From this request on answers wait to be released."""
        held = threading.Event()
        self.addCleanup(held.set)
        first = len(send.web.keys()) + number
        send.answer(lambda r: (r.number < first or held.wait(60)) and accept(r))
        return held

    def held_start(self, send, number, *options):
        """A start whose call of this number is on the wire, one at a time, and waits."""
        held = self.hold(send, number)
        run = send.start("--in-flight", 1, "--workers", 1, *options)
        send.web.wait_for_requests(send.before + number)
        return run, held


class StopTest(BothCase):
    """What ends a start, with a report of all rows and the rest to be sent."""

    @of_both
    def test_limit(self, send):
        send.prepare(claim_rows(6)).run("--limit", 2, code=4)
        self.assertEqual(send.tally(), {"accepted": 2, "unsent": 4})
        send.run(code=0)
        self.assertEqual(sorted(send.sent()), [name_of(n) for n in range(1, 7)])

    @of_both
    def test_max_failures(self, send):
        send.prepare(claim_rows(20)).answer(refuse)
        send.run("--max-failures", 3, "--in-flight", 1, code=4)
        self.assertLess(len(send.sent()), 6)
        self.assertFalse(send.manifest()["complete"])

    @of_both
    def test_all_of_the_first_answers_are_rejections(self, send):
        send.prepare(claim_rows(120)).answer(refuse)
        self.assertSays(send.run("--in-flight", 1, code=4), "all rejections")
        self.assertLess(len(send.sent()), 103)

    @of_both
    def test_no_definite_answers(self, send):
        send.prepare(claim_rows(40)).answer(lose)
        result = send.run("--in-flight", 1, "--outage-patience", 1, code=69)
        self.assertSays(result, "no definite answer")
        self.assertGreater(send.tally()["unsent"], 20)

    @of_both
    def test_outage(self, send):
        send.prepare(claim_rows(5)).web.stop_listening()
        send.run("--outage-patience", 1, code=69)
        self.assertEqual(send.tally(), {"unsent": 5})

    @of_both
    def test_a_long_ban(self, send):
        send.prepare(claim_rows(5)).answer(lambda r: Reply(http(ban_body(700))))
        send.run("--in-flight", 1, code=75)
        self.assertEqual((len(send.sent()), send.tally()), (1, {"unsent": 5}))

    @of_both
    def test_daily_quota(self, send):
        send.prepare(claim_rows(6)).run("--daily-quota", send.before + 2, code=75)
        self.assertEqual(send.tally(), {"accepted": 2, "unsent": 4})

    @of_both
    def test_no_permission(self, send):
        send.prepare(claim_rows(5)).answer(lambda r: Reply(http("no", 401)))
        send.run("--in-flight", 1, code=77)
        self.assertEqual(send.tally(), {"unsent": 5})

    @of_both
    def test_ctrl_c(self, send):
        run, held = self.held_start(send.prepare(claim_rows(6)), 3)
        run.send_signal(signal.SIGINT)
        run.wait_for_words("stopping")
        held.set()
        self.assertExit(run.finish(), 130)
        self.assertEqual(send.tally(), {"accepted": 3, "unsent": 3})
        self.assertFalse(send.manifest()["complete"])
        send.run(code=0)
        self.assertEqual(len(send.sent()), 6)

    @of_both
    def test_its_source_changes_in_mid_run(self, send):
        run, held = self.held_start(send.prepare(claim_rows(4)), 2)
        with open(self.ws.file(send.source), "a", encoding="utf-8") as file:
            file.write("\n")
        held.set()
        self.assertExit(run.finish(), 75)
        self.assertSays(run.finish(), "has grown since it was checked")


class RefusalTest(BothCase):
    """Nothing is sent, and no report is made."""

    def refused(self, send, code, *options, words=(), **how):
        result = send.run(*options, code=code, **how)
        self.assertSays(result, *words)
        self.assertEqual(send.sent(), [])
        self.assertFalse(send.exists())

    @of_both
    def test_control_totals(self, send):
        send.prepare(claim_rows(4))
        self.refused(send, 65, "--expect-rows", 5, words=("nothing was sent",))
        self.refused(send, 65, "--expect-fee", 1, words=("nothing was sent",))
        send.run("--expect-rows", 4, "--expect-fee", 410, code=0)

    @of_both
    def test_dry_run(self, send):
        self.refused(send.prepare(claim_rows(4)), 0, "--dry-run")
        self.assertFalse(send.exists(".started.json"))

    @of_both
    def test_require_ledger(self, send):
        send.prepare(claim_rows(4))
        self.refused(send, 78, "--require-ledger", ledger="other.db", words=("there is no ledger",))
        self.assertFalse(os.path.exists(self.ws.file("other.db")))

    @of_both
    def test_require_valid(self, send):
        send.prepare(claim_rows(4)).run("--require-valid", "--max-fee", 102, code=4)
        self.assertEqual((send.sent(), send.tally()), ([], {"unsent": 2, "invalid": 2}))

    @of_both
    def test_max_changed(self, send):
        """Nearly all of it was accepted before with other amounts."""
        self.ws.export([claim_row(n, claim_fee="1") for n in range(1, 31)], name="old.csv")
        self.assertExit(self.ws.upload(send.web, claims="old.csv"), 0)
        send.before = len(send.web.keys())
        send.prepare(claim_rows(30))
        self.assertSays(send.run(code=4), "--max-changed")
        self.assertEqual((send.sent(), send.tally()), ([], {"unsent": 30}))
        send.run("--max-changed", "100%", code=0)
        self.assertEqual({line["warnings"] for line in send.lines()}, {"CHANGED_SINCE_ACCEPTED"})
        self.assertEqual(send.manifest()["changed"]["rows"], 30)

    @of_both
    def test_a_run_that_was_abandoned(self, send):
        send.prepare(claim_rows(4)).run("--limit", 1, code=4)
        who = ("--by", "desk", "--reason", "the wrong file")
        abandoned = ("status", "-L", "ledger.db", "--abandon", send.manifest()["run"], *who)
        self.assertExit(self.ws.run(*abandoned), 0)
        self.assertSays(send.run(code=65), "was abandoned")
        self.assertEqual(len(send.sent()), 1)

    @of_both
    def test_a_second_one_at_the_same_time(self, send):
        run, held = self.held_start(send.prepare(claim_rows(4)), 2)
        self.assertSays(send.run(code=75), "at this moment")
        held.set()
        self.assertExit(run.finish(), 0)
        self.assertEqual(len(send.sent()), 4)


class LedgerTest(BothCase):
    """Whatever becomes of the ledger, nothing is sent twice without a person's word."""

    @of_both
    def test_another_ledger_after_a_kill(self, send):
        run, held = self.held_start(send.prepare(claim_rows(6)), 3)
        self.assertTrue(send.exists(".started.json"))
        run.send_signal(signal.SIGKILL)
        run.finish()
        held.set()
        self.assertSays(send.run(code=78, ledger="other.db"), "--new-ledger", "nothing was sent")
        self.assertEqual(len(send.sent()), 3)
        send.run(code=3)
        self.assertEqual(send.tally()["accepted"] + send.tally()["unknown"], 6)
        self.assertIn(send.tally()["unknown"], (1, 2))  # what waited for its turn had its intent
        self.assertEqual(len(set(send.sent())), len(send.sent()))
        self.assertFalse(send.exists(".started.json"))

    @of_both
    def test_a_backup_of_before(self, send):
        send.prepare(claim_rows(6)).run("--limit", 2, code=4)
        self.assertExit(self.ws.run("status", "-L", "ledger.db", "--backup", "old.db"), 0)
        send.run(code=0)
        for suffix in LEDGER:
            if os.path.exists(self.ws.ledger + suffix):
                os.unlink(self.ws.ledger + suffix)
        shutil.copy(self.ws.file("old.db"), self.ws.ledger)
        self.assertSays(send.run(code=78), "--new-ledger", "nothing was sent")
        self.assertEqual(len(send.sent()), 6)

    @of_both
    def test_what_it_passes_over_stands_in_its_manifest(self, send):
        send.prepare(claim_rows(3)).run("--limit", 1, code=4)
        for name in os.listdir(self.ws.path):
            if name.startswith("ledger.db"):
                os.unlink(self.ws.file(name))
        who = ("--new-ledger", "--by", "desk", "--reason", "the disk broke")
        result = send.run(*who, "--json", code=0)
        self.assertSays(result, "passed over by desk")
        (start,) = [e for e in json.loads(result.out)["events"] if e["kind"] == "start"]
        self.assertIn("--new-ledger, said by desk: the disk broke", start["text"])


class RowTest(BothCase):
    """What becomes of single rows."""

    @of_both
    def test_a_firewall_dislikes_one(self, send):
        rows = claim_rows(5)
        rows[2].update(claim_status="2", claim_fee="0", claim_desc="select")
        send.prepare(rows).answer(
            lambda r: Reply(http("blocked", 403)) if "claim_desc" in r.claim else accept(r)
        )
        send.run("--in-flight", 1, code=1)
        self.assertEqual(send.sent(), [name_of(n) for n in (1, 2, 3, 4, 5, 3)])
        self.assertEqual((send.lines()[2]["outcome"], send.lines()[2]["code"]), ("failed", "HTTP_403"))

    def with_stray(self, send, first):
        """An answer behind which bytes come that nobody asked for, while the run goes on."""
        number = len(send.web.keys()) + 1

        def script(request):
            if request.number == number:
                reply = first(request)
                reply.later = ((0.1, http(accepted_body("stray"))),)
                return reply
            if request.number < number + 3:
                time.sleep(1.5)
            return accept(request)

        send.answer(script)
        return send.run("--in-flight", 3, "--workers", 1, "--retries", 0)

    @of_both
    def test_an_accepted_row_whose_answer_is_suspect_says_so(self, send):
        self.with_stray(send.prepare(claim_rows(3)), accept)
        self.assertEqual(send.manifest()["suspect_answers"], 1)
        self.assertIn("SUSPECT_ANSWER", {line["warnings"] for line in send.lines()})

    @of_both
    def test_a_failed_one_is_unknown_and_not_sent_again(self, send):
        self.assertExit(self.with_stray(send.prepare(claim_rows(3)), fail(1)), 3)
        self.assertEqual(send.tally(), {"accepted": 2, "unknown": 1})
        send.run(code=3)
        self.assertEqual(len(send.sent()), 3)

    @of_both
    def test_an_audit_of_all_of_it_agrees(self, send):
        send.prepare(claim_rows(5)).answer(lambda r: (refuse if r.number % 2 else accept)(r))
        send.run(code=1)
        audit = ("audit", send.report, "-L", "ledger.db", "--export", "claims.csv", "--json")
        found = json.loads(self.ws.run(*audit).out)
        self.assertTrue(found["agrees"], found["disagreements"])


class EndTest(BothCase):
    """What is told at the end, and to whom."""

    @of_both
    def test_after(self, send):
        send.prepare(claim_rows(3))
        command = 'echo "$CLAIMBATCH_EXIT $CLAIMBATCH_ROWS_ACCEPTED $CLAIMBATCH_REPORT" >said; cat >told'
        send.run("--after", command, code=0)
        code, accepted, report = self.ws.read_text("said").split()
        self.assertEqual((code, accepted, os.path.basename(report)), ("0", "3", send.report))
        self.assertEqual(json.loads(self.ws.read("told"))["run"], send.manifest()["run"])

    @of_both
    def test_metrics(self, send):
        send.prepare(claim_rows(3)).run("--metrics", "m.prom", code=0)
        self.assertRegex(self.ws.read_text("m.prom"), r'claimbatch_last_run_rows\{[^}]*outcome="accepted"\} 3\n')

    @of_both
    def test_json(self, send):
        printed = json.loads(send.prepare(claim_rows(3)).run("--json", code=0).out)
        self.assertEqual(printed, send.manifest())
        self.assertEqual(json.loads(send.run("--json", code=0).out), printed)

    @of_both
    def test_a_rate_that_is_found_is_remembered(self, send):
        send.prepare(claim_rows(60)).run("--rate", "auto", code=0)
        with sqlite3.connect(self.ws.ledger) as database:
            self.assertEqual(len(database.execute("SELECT calls FROM rate").fetchall()), 1)

    @of_both
    def test_again_when_all_is_done(self, send):
        send.prepare(claim_rows(3)).run(code=0)
        self.assertSays(send.run(code=0), "nothing is left to send")
        self.assertEqual(len(send.sent()), 3)


if __name__ == "__main__":
    unittest.main()
