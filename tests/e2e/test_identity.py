"""Nothing is sent twice because another, an emptied, a restored or a damaged ledger is in use."""

import contextlib
import fcntl
import glob
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
import unittest

from harness import NEW_LEDGER, TestCase, accept, claim_rows

STARTED = "claims.report.csv.started.json"
MANIFEST = "claims.report.csv.manifest.json"


def slowly(request):
    time.sleep(0.02)
    return accept(request)


class IdentityCase(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        self.ws.export(claim_rows(30))

    def sent(self):
        return len(self.web.requests)

    def assertOnce(self):
        """No claim was on the wire twice."""
        keys = self.web.keys()
        self.assertEqual(len(keys), len(set(keys)))

    def assertRefused(self, result, *words):
        self.assertExit(result, 78)
        self.assertSays(result, "nothing was sent", *words)

    def kill_in_the_middle(self, *options, after=10, **how):
        """A start that is killed once so many requests have come."""
        enough, script, killed = self.sent() + after, self.web.script, threading.Event()

        def hold(request):
            if self.sent() > enough:  # else a quick run may end before the signal comes
                killed.wait(60)
            return script(request)

        self.web.script = hold
        run = self.ws.start_upload(self.web, "--in-flight", 1, *options, **how)
        self.web.wait_for_requests(enough)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        killed.set()
        self.web.script = script
        self.web.wait_until_left()

    def at_home(self, home, *options, **how):
        """The same command, typed by somebody with another HOME: with another ledger."""
        arguments = list(self.ws.upload_arguments(self.web, *options, **how))
        at = arguments.index("--ledger")
        del arguments[at : at + 2]
        os.makedirs(self.ws.file(home), exist_ok=True)
        return self.ws.run(*arguments, env=self.ws.environment(HOME=self.ws.file(home)))

    def rerun_arguments(self, ledger):
        arguments = list(self.ws.upload_arguments(self.web, claims="claims.report.csv", ledger=ledger))
        arguments[0] = "rerun"
        return arguments

    def status(self, *options):
        return self.ws.run("status", "--ledger", "ledger.db", *options)

    def remove_ledger(self):
        for path in glob.glob(self.ws.ledger + "*"):
            os.unlink(path)

    def restore(self, backup, everything=False):
        """Puts a backup in the ledger's place, as the README says, or with all that is beside it gone."""
        names = glob.glob(self.ws.ledger + "*") if everything else [self.ws.ledger + s for s in ("", "-wal", "-shm")]
        for path in names:
            if os.path.exists(path):
                os.unlink(path)
        shutil.copy(self.ws.file(backup), self.ws.ledger)


class KilledTest(IdentityCase):
    """After SIGKILL there is no report; what tells of the run is started.json."""

    def test_another_ledger_is_refused_and_the_right_one_goes_on(self):
        self.kill_in_the_middle()
        self.assertFalse(os.path.exists(self.ws.file(MANIFEST)))
        started = json.loads(self.ws.read(STARTED))
        self.assertFalse(started["complete"])
        self.assertNotIn("report", started)
        sent = self.sent()
        for options in ((), ("-o", "other.csv"), ("-q",)):
            result = self.at_home("root", *options)
            self.assertRefused(result, started["ledger_id"], "--new-ledger")
            self.assertIn(f"Name that one with --ledger '{self.ws.ledger}'", result.err)
        self.assertFalse(os.path.exists(self.ws.file("root/.local")))
        self.assertEqual(self.sent(), sent)
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertFalse(os.path.exists(self.ws.file(STARTED)))
        self.assertOnce()

    def test_a_ledger_that_was_emptied_or_lost_is_refused(self):
        self.kill_in_the_middle()
        sent = self.sent()
        with open(self.ws.ledger, "w", encoding="utf-8"):
            pass
        self.assertRefused(self.ws.upload(self.web), "is gone")
        self.remove_ledger()
        with open(self.ws.ledger, "w", encoding="utf-8"):
            pass
        self.assertRefused(self.ws.upload(self.web), STARTED, "--new-ledger")
        self.remove_ledger()
        result = self.ws.upload(self.web)
        self.assertRefused(result, STARTED, "not there any more: bring it back", "--new-ledger")
        self.assertNotIn("Name that one", result.err)
        self.assertFalse(os.path.exists(self.ws.ledger))
        self.assertEqual(self.sent(), sent)

    def test_another_ledger_that_knows_other_runs_is_refused_too(self):
        self.ws.export(claim_rows(2, first=90), name="elsewhere.csv")
        os.mkdir(self.ws.file("yard"))
        shutil.move(self.ws.file("elsewhere.csv"), self.ws.file("yard/elsewhere.csv"))
        self.assertExit(self.ws.upload(self.web, claims="yard/elsewhere.csv", ledger="other.db"), 0)
        self.kill_in_the_middle()
        sent = self.sent()
        self.assertRefused(self.ws.upload(self.web, ledger="other.db"), STARTED)
        self.assertEqual(self.sent(), sent)

    def test_a_rerun_that_was_killed_is_known_by_it(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 3), 4)
        run = self.ws.start(*self.rerun_arguments("ledger.db"), "--in-flight", "1")
        self.web.wait_for_requests(10)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        self.web.wait_until_left()
        self.assertTrue(os.path.exists(self.ws.file("claims.report.rerun-1.csv.started.json")))
        sent = self.sent()
        result = self.ws.run(*self.rerun_arguments("other.db"), *NEW_LEDGER)
        self.assertExit(result, 0)  # a person said so
        self.assertGreater(self.sent(), sent)
        self.assertSays(result, "passed over by")

    def test_a_start_that_sent_nothing_leaves_nothing_in_the_way(self):
        self.kill_in_the_middle("-o", "b.csv", "--ledger", "other.db")
        sent = self.sent()
        self.assertRefused(self.ws.upload(self.web), "b.csv.started.json")
        nowhere = "http://127.0.0.1:1/router/rest"
        self.assertExit(self.ws.upload(nowhere, "--outage-patience", "0.1", "-o", "c.csv"), 69)
        self.assertEqual(glob.glob(self.ws.file("*.started.json*")), [self.ws.file("b.csv.started.json")])
        self.assertEqual(self.sent(), sent)

    def goes_on_with(self, export):
        """Its killed run keeps another ledger away until it has gone on."""
        aside = glob.glob(self.ws.file("claims.report.*.csv.started.json"))
        self.assertEqual(len(aside), 1)
        self.ws.write("claims.csv", export)
        self.assertRefused(self.ws.upload(self.web, ledger="other.db"), os.path.basename(aside[0]))
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertEqual(glob.glob(self.ws.file("*.started.json")), [])
        self.assertOnce()

    def test_yesterdays_killed_run_keeps_its_word_beside_todays(self):
        self.kill_in_the_middle()
        yesterday = open(self.ws.claims, "rb").read()
        self.ws.export(claim_rows(5, first=100))
        self.assertExit(self.ws.upload(self.web), 0)
        self.goes_on_with(yesterday)

    def test_one_that_was_killed_between_its_two_names_goes_on(self):
        """A file system without a rename that replaces nothing: a second name, then the first one goes."""
        self.kill_in_the_middle()
        os.link(self.ws.file(STARTED), self.ws.file(STARTED + ".partial"))
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertEqual(glob.glob(self.ws.file("*.started.json*")), [])
        self.assertOnce()

    def test_a_run_that_is_killed_on_two_days_stops_no_third_one(self):
        self.kill_in_the_middle(after=5)
        first = open(self.ws.claims, "rb").read()
        self.ws.export(claim_rows(5, first=100))
        self.assertExit(self.ws.upload(self.web), 0)
        self.ws.write("claims.csv", first)
        self.kill_in_the_middle(after=5)
        self.ws.export(claim_rows(5, first=200))
        self.assertExit(self.ws.upload(self.web), 0)
        self.goes_on_with(first)

    def test_what_others_left_unreadable_is_no_reason_to_send(self):
        if os.geteuid() == 0:
            self.skipTest("root may read anything")
        self.kill_in_the_middle()
        os.chmod(self.ws.file(STARTED), 0)
        self.assertRefused(self.ws.upload(self.web, ledger="other.db"), STARTED)

    def test_one_that_cannot_be_read_goes_out_of_the_way_by_hand(self):
        path = self.ws.file(STARTED)
        kinds = {
            "emptied": lambda: os.truncate(path, 0),
            "cut": lambda: os.truncate(path, os.path.getsize(path) // 2),
            "pipe": lambda: (os.unlink(path), os.mkfifo(path)),
            "folder": lambda: (os.unlink(path), os.mkdir(path)),
        }
        for number, (kind, damage) in enumerate(kinds.items()):
            with self.subTest(kind):
                self.ws.export(claim_rows(30, first=1 + 100 * number))
                self.kill_in_the_middle()
                damage()
                sent = self.sent()
                self.assertRefused(self.ws.upload(self.web), STARTED, "move that file away")
                self.assertEqual(self.sent(), sent)
                os.rename(path, self.ws.file(kind))
                self.assertExit(self.ws.upload(self.web), 3)
                self.assertOnce()

    def test_who_may_not_read_the_ledger_may_read_that(self):
        old = os.umask(0o022)
        self.addCleanup(os.umask, old)
        self.kill_in_the_middle()
        self.assertEqual(self.ws.mode(STARTED), 0o644)
        text = self.ws.read_text(STARTED)
        for row in claim_rows(30):
            self.assertNotIn(row["claim_order_no"], text)


class TwoStartsTest(IdentityCase):
    """Two people begin at the same moment in one folder, each with a ledger of his own."""

    def test_who_finds_the_other_sends_nothing(self):
        for names in (("", ""), ("a.csv", "b.csv")):
            for _ in range(5):
                with self.subTest(names):
                    self.web.requests.clear()
                    runs = []
                    for number, name in enumerate(names):
                        option = ("-o", name) if name else ()
                        arguments = list(self.ws.upload_arguments(self.web, *option))
                        arguments[arguments.index("ledger.db")] = f"ledger-{number}.db"
                        runs.append(self.ws.start(*arguments))
                    codes = sorted(run.finish().code for run in runs)
                    self.assertIn(codes, ([0, 73], [0, 75], [0, 78], [75, 78], [78, 78]), codes)
                    self.assertOnce()
                    for path in glob.glob(self.ws.file("*.csv*")) + glob.glob(self.ws.file("ledger-*")):
                        if path != self.ws.claims:
                            os.unlink(path)


class NextDayTest(IdentityCase):
    def test_a_cumulative_export_with_a_ledger_that_is_gone_is_refused(self):
        self.assertExit(self.ws.upload(self.web), 0)
        named = self.ws.read_manifest()["ledger_id"]
        self.remove_ledger()
        self.ws.export(claim_rows(40), name="tomorrow.csv")
        for options in ((), ("-q",)):
            result = self.ws.upload(self.web, *options, claims="tomorrow.csv")
            self.assertRefused(result, named, "claims.report.csv.manifest.json", "--new-ledger")
        self.assertFalse(os.path.exists(self.ws.ledger))
        self.assertEqual(self.sent(), 30)

    def test_a_report_without_its_manifest_and_a_ledger_that_is_gone_are_refused(self):
        path = self.ws.file(MANIFEST)
        for number, damage in enumerate((os.unlink, lambda name: os.truncate(name, 100))):
            self.ws.export(claim_rows(30, first=1 + 100 * number))
            self.assertExit(self.ws.upload(self.web), 0)
            sent = self.sent()
            self.remove_ledger()
            damage(path)
            result = self.ws.upload(self.web, "--overwrite")
            self.assertRefused(result, "claims.report.csv", "is new", "--new-ledger")
            self.assertIn(self.ws.upload(self.web).code, (73, 78))
            self.assertEqual(self.sent(), sent)
            self.assertExit(self.ws.upload(self.web, "--overwrite", *NEW_LEDGER), 0)
            starts = [e["text"] for e in self.ws.read_manifest()["events"] if e["kind"] == "start"]
            self.assertEqual(starts, ["--new-ledger, said by tests: lost"])
            sent = self.sent()
            self.assertExit(self.ws.upload(self.web, "--overwrite"), 0)
            self.assertEqual(self.sent(), sent)
            for name in glob.glob(self.ws.file("*report*")):
                os.unlink(name)

    def test_one_that_was_made_elsewhere_meanwhile_is_refused_as_well(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.remove_ledger()
        os.mkdir(self.ws.file("yard"))
        shutil.move(self.ws.export(claim_rows(1, first=90), name="x.csv"), self.ws.file("yard/x.csv"))
        self.assertExit(self.ws.upload(self.web, claims="yard/x.csv"), 0)
        self.ws.export(claim_rows(40), name="tomorrow.csv")
        self.assertRefused(self.ws.upload(self.web, claims="tomorrow.csv"), "claims.report.csv")
        self.assertEqual(self.sent(), 31)

    def test_status_and_the_manifest_tell_what_was_passed_over_by_whom_and_why(self):
        self.assertExit(self.ws.upload(self.web), 0)
        lost = self.ws.read_manifest()
        self.assertEqual(json.loads(self.status("--json").out)["passed_over"], [])
        self.assertNotIn("--new-ledger", self.status().out)
        self.remove_ledger()
        self.ws.export(claim_rows(3, first=40), name="tomorrow.csv")
        self.assertExit(self.ws.upload(self.web, *NEW_LEDGER, claims="tomorrow.csv"), 0)
        self.assertExit(self.ws.run(*self.rerun_arguments("ledger.db"), *NEW_LEDGER), 0)
        found = json.loads(self.status("--json").out)
        self.assertEqual(found["lost_commits"], [])
        self.assertEqual(
            [(p["of"], p["run"], p["ledger_id"], p["by"], p["reason"]) for p in found["passed_over"]],
            [(of, lost["run"], lost["ledger_id"], "tests", "lost") for of in ("other-exports", "report")],
        )
        text = self.status().out
        self.assertIn(f"run {lost['run']} of ledger {lost['ledger_id']}", text)
        self.assertIn("by tests: lost", text)
        starts = [e["text"] for e in self.ws.read_manifest("tomorrow.report.csv")["events"] if e["kind"] == "start"]
        self.assertEqual(starts, ["--new-ledger, said by tests: lost"])

    def test_commits_that_are_gone_are_told_as_well(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 3), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web, "--limit", 3), 4)
        self.restore("backup.db")
        self.assertExit(self.ws.upload(self.web, *NEW_LEDGER), 0)
        (gap,) = json.loads(self.status("--json").out)["lost_commits"]
        self.assertEqual((gap["by"], gap["reason"]), ("tests", "lost"))
        self.assertGreater(gap["until_commit"], gap["after_commit"])
        self.assertIn(f"after commit {gap['after_commit']} of then", self.status().out)

    def test_new_ledger_is_said_once_with_who_and_why(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.remove_ledger()
        self.ws.export(claim_rows(10, first=31), name="tomorrow.csv")
        for words in ((), ("--by", "ops"), ("--reason", "lost")):
            self.assertExit(self.ws.upload(self.web, "--new-ledger", *words, claims="tomorrow.csv"), 2)
        result = self.ws.upload(self.web, *NEW_LEDGER, "-q", claims="tomorrow.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "new ledger created")
        self.ws.export(claim_rows(15, first=31), name="tomorrow.csv")
        self.assertExit(self.ws.upload(self.web, claims="tomorrow.csv"), 0)
        # What was passed over for another export is not passed over for its own.
        self.assertRefused(self.ws.upload(self.web), "--new-ledger")
        self.assertEqual(self.sent(), 45)
        with sqlite3.connect(self.ws.ledger) as database:
            self.assertEqual(database.execute("select distinct by, reason from pass").fetchall(), [("tests", "lost")])
        database.close()

    def test_new_ledger_is_typed_and_never_configured(self):
        self.ws.write("conf", "[run]\nnew-ledger = yes\n", mode=0o600)
        self.assertExit(self.ws.upload(self.web, "--config", "conf"), 78)


class RequireTest(IdentityCase):
    def test_a_ledger_that_is_not_there_is_never_made(self):
        for path in ("ledger.db", "folder/ledger.db"):
            self.assertRefused(self.ws.upload(self.web, "--require-ledger", ledger=path), "status --create", path)
        self.ws.write("ledger.db", b"", mode=0o600)
        self.assertRefused(self.ws.upload(self.web, "--require-ledger"), "--create")
        self.assertEqual(os.path.getsize(self.ws.ledger), 0)
        self.assertFalse(os.path.exists(self.ws.file("folder")))
        self.ws.write("conf", "[run]\nrequire-ledger = yes\n", mode=0o600)
        self.assertRefused(self.ws.upload(self.web, "--config", "conf"))
        self.assertEqual(self.sent(), 0)

    def test_the_first_one_is_made_by_status(self):
        result = self.status("--create", "-q")
        self.assertExit(result, 0)
        self.assertSays(result, "new ledger created")
        self.assertEqual(self.ws.mode("ledger.db"), 0o600)
        self.assertExit(self.status("--create"), 73)
        self.assertExit(self.ws.upload(self.web, "--require-ledger"), 0)
        os.unlink(self.ws.ledger)
        self.assertExit(self.status("--create"), 78)

    def test_one_that_was_made_by_hand_does_not_hide_what_was_sent(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.remove_ledger()
        self.assertExit(self.status("--create"), 0)
        self.ws.export(claim_rows(40), name="tomorrow.csv")
        self.assertRefused(self.ws.upload(self.web, "--require-ledger", claims="tomorrow.csv"), "--new-ledger")
        self.assertEqual(self.sent(), 30)


class RestoredTest(IdentityCase):
    """A backup does not know what was sent after it."""

    def test_a_canary_then_a_backup_then_the_rest(self):
        self.ws.export(claim_rows(100))
        self.assertExit(self.ws.upload(self.web, "--limit", 10), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        for everything in (False, True):
            with self.subTest(everything=everything):
                self.restore("backup.db", everything)
                self.assertRefused(self.ws.upload(self.web), "--new-ledger", "older copy")
                self.assertRefused(self.ws.upload(self.web, "-o", "other.csv"), "older copy")
        self.assertEqual(self.sent(), 100)

    def test_status_says_what_it_sees(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 10), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.status("--verify"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertExit(self.status("--verify"), 0)
        for everything in (False, True):
            with self.subTest(everything=everything):
                self.restore("backup.db", everything)
                result = self.status("--verify")
                self.assertExit(result, 1)
                self.assertIn("older copy", result.out)
                self.assertSays(result, "learn from the reports", "import REPORT.csv... --ledger ledger.db")
                self.assertNotIn("newest backup", result.err)

    def test_a_backup_in_the_middle_of_a_run(self):
        self.ws.export(claim_rows(120))
        self.web.script = slowly
        for end in ("killed", "finished"):
            for everything in (False, True):
                with self.subTest(end=end, everything=everything):
                    for path in glob.glob(self.ws.file("claims.report*")) + glob.glob(self.ws.file("backup*")):
                        os.unlink(path)
                    self.remove_ledger()
                    self.web.requests.clear()
                    run = self.ws.start_upload(self.web, "--in-flight", 2)
                    self.web.wait_for_requests(20)
                    self.assertExit(self.status("--backup", "backup.db"), 0)
                    self.web.wait_for_requests(len(self.web.requests) + 10)
                    if end == "killed":
                        run.send_signal(signal.SIGKILL)
                    run.finish()
                    self.web.wait_until_left()
                    sent = self.sent()
                    self.restore("backup.db", everything)
                    self.assertRefused(self.ws.upload(self.web), "--new-ledger")
                    self.assertEqual(self.sent(), sent)
                    self.assertOnce()

    def test_a_backup_then_a_rerun(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 0), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        arguments = list(self.ws.upload_arguments(self.web, claims="claims.report.csv"))
        arguments[0] = "rerun"
        self.assertExit(self.ws.run(*arguments), 0)
        for everything in (False, True):
            self.restore("backup.db", everything)
            self.assertRefused(self.ws.run(*arguments), "older copy")
            self.assertRefused(self.ws.upload(self.web), "older copy")
        self.assertEqual(self.sent(), 30)

    def test_resolve_takes_no_older_copy(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 10), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        for everything in (False, True):
            self.restore("backup.db", everything)
            result = self.ws.run("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url)
            self.assertExit(result, 78)
            self.assertSays(result, "older copy")

    def test_one_after_which_nothing_was_sent_is_taken(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web), 0)  # nothing is left to send
        self.restore("backup.db")
        self.assertExit(self.status("--verify"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        self.ws.export(claim_rows(40))
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertEqual(self.sent(), 40)

    def test_a_backup_of_a_run_that_was_killed_before_it_goes_on_in_place(self):
        self.kill_in_the_middle()
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.restore("backup.db")
        self.assertExit(self.ws.upload(self.web), 3)
        self.assertOnce()

    def test_what_a_person_passed_over_is_not_asked_again_and_the_rest_is(self):
        self.ws.export(claim_rows(5, first=200), name="b.csv")
        self.assertExit(self.ws.upload(self.web, "--limit", 2), 4)
        self.assertExit(self.ws.upload(self.web, "--limit", 2, claims="b.csv"), 4)
        self.assertExit(self.status("--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(self.web), 0)
        self.assertExit(self.ws.upload(self.web, claims="b.csv"), 0)
        self.restore("backup.db")
        self.ws.export(claim_rows(3, first=300), name="c.csv")
        self.assertRefused(self.ws.upload(self.web, claims="c.csv"))
        self.assertExit(self.ws.upload(self.web, *NEW_LEDGER, claims="c.csv"), 0)
        self.assertExit(self.status("--verify"), 0)
        self.ws.export(claim_rows(3, first=400), name="d.csv")
        self.assertExit(self.ws.upload(self.web, claims="d.csv"), 0)
        sent = self.sent()
        for claims in ("claims.csv", "b.csv"):
            self.assertRefused(self.ws.upload(self.web, claims=claims), "older copy")
        self.assertEqual(self.sent(), sent)
        self.assertOnce()


class LogTest(IdentityCase):
    """The -wal, in which a live run keeps what it committed last."""

    def test_a_log_that_was_removed_truncated_or_put_back_is_noticed(self):
        self.ws.export(claim_rows(200))
        self.web.script = slowly
        wal = self.ws.ledger + "-wal"
        for damage in ("removed", "truncated", "of another moment", "emptied"):
            with self.subTest(damage):
                for path in glob.glob(self.ws.file("claims.report*")):
                    os.unlink(path)
                self.remove_ledger()
                self.web.requests.clear()
                run = self.ws.start_upload(self.web, "--in-flight", 2)
                self.web.wait_for_requests(60)
                shutil.copy(wal, self.ws.file("kept"))
                self.web.wait_for_requests(120)
                run.send_signal(signal.SIGSTOP)
                if damage == "removed":
                    os.unlink(wal)
                run.send_signal(signal.SIGKILL)
                run.finish()
                self.web.wait_until_left()
                sent = self.sent()
                if damage == "truncated":
                    os.truncate(wal, os.path.getsize(wal) // 2)
                elif damage == "emptied":
                    os.truncate(wal, 0)
                elif damage == "of another moment":
                    shutil.copy(self.ws.file("kept"), wal)
                self.assertExit(self.status("--verify"), 1)
                self.assertRefused(self.ws.upload(self.web))
                self.assertRefused(self.ws.upload(self.web, "-o", "x.csv"))
                self.assertEqual(self.sent(), sent)

    def carry_over_one_page(self, table):
        """Of the log, as a checkpoint that is cut leaves it; and the log is removed."""
        copy = self.ws.file("copy.db")
        for suffix in ("", "-wal"):
            shutil.copy(self.ws.ledger + suffix, copy + suffix)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (size,) = db.execute("PRAGMA page_size").fetchone()
            (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name=?", [table]).fetchone()
        with open(copy, "rb") as newer, open(self.ws.ledger, "r+b") as ledger:
            for file in (newer, ledger):
                file.seek((page - 1) * size)
            ledger.write(newer.read(size))
        for suffix in ("-wal", "-shm"):
            os.unlink(self.ws.ledger + suffix)

    def test_a_log_that_was_removed_with_a_part_of_it_carried_over_leaves_a_damaged_ledger(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.ws.export(claim_rows(30, first=200), name="b.csv")
        self.kill_in_the_middle("-o", "b.report.csv", claims="b.csv")
        self.carry_over_one_page("run")
        sent = self.sent()
        said = ["--by", "A", "--reason", "B"]
        for arguments in (
            self.ws.upload_arguments(self.web),
            self.ws.upload_arguments(self.web, *NEW_LEDGER, claims="b.csv"),
            self.rerun_arguments("ledger.db"),
            ["import", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url, *said],
            ["resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url],
            ["status", "--ledger", "ledger.db", "--prune", "0"],
        ):
            with self.subTest(arguments[0]):
                result = self.ws.run(*arguments)
                self.assertExit(result, 74)
                self.assertSays(result, "is damaged", "move it away")
        self.assertExit(self.status("--verify"), 1)
        os.rename(self.ws.ledger, self.ws.file("damaged.db"))
        self.assertRefused(self.ws.upload(self.web))
        self.assertEqual(self.sent(), sent)

    def test_a_ledger_that_loses_its_name_in_mid_run_stops_it(self):
        self.ws.export(claim_rows(200))
        self.web.script = slowly
        for lost in ("", "-wal"):
            with self.subTest(lost):
                for path in glob.glob(self.ws.file("claims.report*")):
                    os.unlink(path)
                self.remove_ledger()
                self.web.requests.clear()
                run = self.ws.start_upload(self.web, "--in-flight", 2)
                self.web.wait_for_requests(60)
                os.unlink(self.ws.ledger + lost)
                result = run.finish()
                self.assertExit(result, 74)
                self.assertSays(result, "removed, moved or replaced", "claimbatch import")
                self.assertSays(result, "next: once the ledger is back in its place")
                sent = self.sent()
                self.assertLess(sent, 100)
                outcomes = [line["outcome"] for line in self.ws.read_report()]
                self.assertEqual(outcomes.count("accepted"), sent)
                self.assertEqual(outcomes.count("unsent"), 200 - sent)
                again = self.ws.upload(self.web)
                if lost:  # closing the ledger brought all of its log into the file
                    self.assertExit(again, 0)
                    self.assertExit(self.status("--verify"), 0)
                    self.assertOnce()
                else:
                    self.assertRefused(again)
                    self.assertEqual(self.sent(), sent)

    def test_a_ledger_that_is_replaced_in_mid_run_stops_it(self):
        self.ws.export(claim_rows(200))
        self.web.script = slowly
        self.assertExit(self.ws.run("status", "--ledger", "other.db", "--create"), 0)
        run = self.ws.start_upload(self.web, "--in-flight", 2)
        self.web.wait_for_requests(60)
        os.replace(self.ws.file("other.db"), self.ws.ledger)
        result = run.finish()
        self.assertExit(result, 74)
        sent = self.sent()
        self.assertLess(sent, 100)
        self.assertRefused(self.ws.upload(self.web))
        self.assertEqual(self.sent(), sent)

    def test_a_folder_that_is_renamed_in_mid_run_takes_its_ledger_along(self):
        os.mkdir(self.ws.file("day"))
        self.ws.export(claim_rows(200), "day/claims.csv")
        self.web.script = slowly
        words = self.ws.upload_arguments(self.web, "--in-flight", 2)
        words = [os.path.join("..", word) if word == "secret" else word for word in words]
        run = self.ws.start(
            "-c", 'cd day; exec "$0" "$@"', self.ws.binary, *words, binary="/bin/sh"
        )
        self.web.wait_for_requests(60)
        os.rename(self.ws.file("day"), self.ws.file("yesterday"))
        self.assertExit(run.finish(), 0)
        self.assertEqual(self.sent(), 200)

    def test_a_ledger_without_its_file_but_with_its_log_is_not_made_anew(self):
        self.kill_in_the_middle()
        shutil.move(self.ws.ledger, self.ws.file("away.db"))
        os.unlink(self.ws.file(STARTED))
        os.unlink(self.ws.ledger + ".lock")
        log = os.path.getsize(self.ws.ledger + "-wal")
        self.assertRefused(self.ws.upload(self.web), "is gone")
        self.assertEqual(os.path.getsize(self.ws.ledger + "-wal"), log)


class NameTest(IdentityCase):
    """A ledger is a plain file, whatever its name means to SQLite."""

    NAMES = (":memory:", "./file:x.db?mode=memory", "./file::memory:", "./file:y", "a?b=c", "100%00.db", "名字 #1.db")

    def test_each_name_is_a_file_that_keeps_what_was_sent(self):
        for number, name in enumerate(self.NAMES):
            with self.subTest(name):
                claims = f"{number}.csv"
                self.ws.export(claim_rows(2, first=1000 + 10 * number), name=claims)
                how = {"claims": claims, "ledger": name}
                sent = self.sent()
                self.assertExit(self.ws.upload(self.web, *NEW_LEDGER, **how), 0)
                self.assertTrue(os.path.isfile(self.ws.file(name)))
                os.unlink(self.ws.file(f"{number}.report.csv"))
                self.assertExit(self.ws.upload(self.web, **how), 0)
                self.assertEqual(self.sent(), sent + 2)
                self.assertExit(self.ws.run("status", "--ledger", name, "--verify"), 0)
                backup = name + "-backup"
                self.assertExit(self.ws.run("status", "--ledger", name, "--backup", backup), 0)
                self.assertTrue(os.path.isfile(self.ws.file(backup)))
                self.assertExit(self.ws.run("status", "--ledger", backup, "--verify"), 0)
        place = "/" + self.ws.file("slashes.db")
        self.ws.export(claim_rows(1, first=2000), name="z.csv")
        self.assertExit(self.ws.upload(self.web, *NEW_LEDGER, claims="z.csv", ledger=place), 0)
        self.assertExit(self.ws.run("status", "--ledger", place), 0)

    def test_what_is_no_file_is_refused_and_nothing_is_made(self):
        before = set(os.listdir(self.ws.path))
        for name, code in (("folder.db/", 73), ("", 2)):
            with self.subTest(name):
                self.assertExit(self.ws.upload(self.web, ledger=name), code)
                self.assertNotEqual(self.ws.run("status", "--ledger", name).code, 0)
        self.assertEqual(set(os.listdir(self.ws.path)), before)
        self.assertEqual(self.sent(), 0)


class MovedStartTest(IdentityCase):
    def test_a_run_that_ends_does_not_remove_what_another_has_put_in_the_place_of_its_start(self):
        """The other one takes the place between the look at the file and its removal."""
        run = self.ws.start_upload(self.web)
        self.web.wait_for_requests(1)
        with open(self.ws.file(STARTED), encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as who moves it does
            own = json.load(file)
            while not os.path.exists(self.ws.file(MANIFEST)):
                time.sleep(0.002)
            time.sleep(0.3)
            aside = self.ws.file(f"claims.report.{own['run']}.csv.started.json")
            os.rename(self.ws.file(STARTED), aside)
            self.ws.write(STARTED, json.dumps(dict(own, run="20260101-00000000")))
        self.assertExit(run.finish(), 0)
        self.assertTrue(os.path.exists(self.ws.file(STARTED)))
        self.assertFalse(os.path.exists(aside))

    def test_a_start_is_moved_only_by_who_holds_it(self):
        self.kill_in_the_middle()
        self.ws.export(claim_rows(3, first=500))
        with open(self.ws.file(STARTED), encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as who removes it does
            run = self.ws.start_upload(self.web)
            run.wait_for_words("a new run")
            time.sleep(0.3)
            self.assertEqual(glob.glob(self.ws.file("claims.report.*.csv.started.json")), [])
            fcntl.flock(file, fcntl.LOCK_UN)
        self.assertExit(run.finish(), 0)
        self.assertEqual(len(glob.glob(self.ws.file("claims.report.*.csv.started.json"))), 1)


class PrunedTest(IdentityCase):
    """What a newer export replaced is not sent by the old one, whatever was forgotten since."""

    def test_the_same_old_export_after_a_prune_sends_nothing_that_was_superseded(self):
        old = claim_rows(5) + [dict(claim_rows(1)[0], claim_fee="555")]
        self.ws.export(old, name="old.csv")
        self.assertExit(self.ws.upload(self.web, claims="old.csv"), 0)
        self.ws.export([dict(row, claim_fee="777") for row in claim_rows(3)], name="new.csv")
        self.assertExit(self.ws.upload(self.web, claims="new.csv"), 0)
        sent = self.sent()
        for _ in range(2):
            self.assertExit(self.status("--prune", "0"), 0)
            self.assertExit(self.ws.upload(self.web, claims="old.csv"), 0)
            self.assertEqual(self.sent(), sent)
            codes = [line["code"] for line in self.ws.read_report("old.report.csv")]
            self.assertEqual(codes.count("SUPERSEDED"), 4)
            self.assertEqual(codes.count("ALREADY_ACCEPTED"), 2)
            self.assertExit(self.status("--verify"), 0)


    def test_one_that_an_earlier_version_pruned_is_known_by_its_manifest(self):
        """0.1.0 forgot which export a pruned run was of; its report beside the export still says it."""
        self.ws.export(claim_rows(5), name="old.csv")
        self.assertExit(self.ws.upload(self.web, claims="old.csv"), 0)
        self.ws.export([dict(row, claim_fee="777") for row in claim_rows(3)], name="new.csv")
        self.assertExit(self.ws.upload(self.web, claims="new.csv"), 0)
        sent = self.sent()
        self.assertExit(self.status("--prune", "0"), 0)
        with contextlib.closing(sqlite3.connect(self.ws.ledger)) as database:
            database.execute("DELETE FROM pruned_export")
            database.commit()
        self.assertExit(self.ws.upload(self.web, claims="old.csv"), 0)
        self.assertEqual(self.sent(), sent)
        codes = [line["code"] for line in self.ws.read_report("old.report.csv")]
        self.assertEqual((codes.count("SUPERSEDED"), codes.count("ALREADY_ACCEPTED")), (3, 2))
        self.assertExit(self.status("--verify"), 0)


class NeverRefusedTest(IdentityCase):
    def test_an_ordinary_week(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.ws.export(claim_rows(35))
        self.assertExit(self.ws.upload(self.web), 0)  # under the same name
        self.ws.export(claim_rows(40), name="second.csv")
        self.assertExit(self.ws.upload(self.web, "--limit", 2, claims="second.csv"), 4)
        self.assertExit(self.ws.upload(self.web, claims="second.csv"), 0)
        self.ws.export(claim_rows(60), name="third.csv")
        self.kill_in_the_middle(claims="third.csv", after=5)
        self.assertExit(self.ws.upload(self.web, claims="third.csv"), 3)
        self.assertOnce()

    def test_a_platform_that_this_ledger_has_never_sent_to_is_told_once(self):
        self.assertExit(self.ws.upload(self.web), 0)
        other = self.gateway()
        told = "what was accepted there is sent here, too"
        result = self.ws.upload(other, "-q", "-o", "other.csv")
        self.assertExit(result, 0)
        self.assertSays(result, told)
        self.ws.export(claim_rows(2, first=61))
        for gateway in (other, self.web):
            result = self.ws.upload(gateway, "-o", f"{gateway.url[-20:-12]}.csv".replace("/", ""))
            self.assertExit(result, 0)
            self.assertNotIn(told, result.err)

    def test_reports_of_other_platforms_and_what_is_no_report(self):
        other = self.gateway()
        self.assertExit(self.ws.upload(other, ledger="other.db"), 0)
        self.ws.write("junk.manifest.json", "{}")
        self.ws.write("junk.started.json", "[1]")
        os.mkdir(self.ws.file("folder.manifest.json"))
        self.assertExit(self.ws.upload(self.web, "-o", "mine.csv"), 0)
        self.assertEqual((self.sent(), len(other.requests)), (30, 30))

    def test_a_folder_that_was_moved_with_all_that_is_in_it(self):
        self.kill_in_the_middle()
        os.mkdir(self.ws.file("new"))
        for name in os.listdir(self.ws.path):
            if name.startswith(("claims", "ledger")):
                os.rename(self.ws.file(name), self.ws.file("new/" + name))
        self.assertExit(self.ws.upload(self.web, claims="new/claims.csv", ledger="new/ledger.db"), 3)
        self.assertOnce()

    def test_a_link_that_is_turned_to_the_new_day_is_a_new_run(self):
        for day in (1, 2):
            self.ws.export(claim_rows(5, first=10 * day), name=f"day{day}.csv")
            if os.path.lexists(self.ws.file("today.csv")):
                os.unlink(self.ws.file("today.csv"))
            os.symlink(f"day{day}.csv", self.ws.file("today.csv"))
            result = self.ws.upload(self.web, claims="today.csv")
            self.assertExit(result, 0)
            self.assertSays(result, "a new run")
            self.assertEqual(len(self.ws.read_report("today.report.csv")), 5)
        self.assertEqual(self.sent(), 10)
        # By its other name it is the same run, and sends nothing.
        result = self.ws.upload(self.web, claims="day2.csv")
        self.assertExit(result, 0)
        self.assertEqual(self.sent(), 10)
        self.assertEqual(self.ws.read_manifest("day2.report.csv")["run"], self.ws.read_manifest("today.report.csv")["run"])

    def test_a_ledger_by_a_link(self):
        self.kill_in_the_middle()
        os.symlink("ledger.db", self.ws.file("link.db"))
        self.assertExit(self.ws.upload(self.web, ledger="link.db"), 3)
        self.assertOnce()


if __name__ == "__main__":
    unittest.main()
