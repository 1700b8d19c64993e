"""A ledger learns from reports what it does not know (contract section 5): after a restore, a loss,
or a move nothing of them is sent again."""

import collections
import json
import os
import shutil
import signal
import sqlite3
import time
import unittest

from harness import (
    NEW_LEDGER,
    TestCase,
    accept,
    claim_row,
    claim_rows,
    fail,
    file_digest,
    refuse,
    reset,
)

WHO = ("--by", "claims-desk", "--reason", "the disk of the ledger was lost")


def number_of(request):
    return int(request.key[1][2:])


def by_number(**scripts):
    """A gateway that knows what to say of a claim by the last digit of its number; else it accepts."""

    def script(request):
        return scripts.get(f"n{number_of(request) % 10}", accept)(request)

    return script


CHANGED = [claim_row(i, claim_fee=str(9000 + i)) for i in (1, 2, 22)]
MIXED = {"n3": refuse, "n5": reset, "n7": fail(10)}


class ImportCase(TestCase):
    def setUp(self):
        super().setUp()
        self.gate = self.gateway(by_number())

    def upload(self, name, *options, code=0, ledger="ledger.db"):
        result = self.ws.upload(
            self.gate, "--retries", 0, "--quiet", *options, claims=name, ledger=ledger
        )
        if code is not None:
            self.assertExit(result, code)
        return result

    def imported(self, *reports, code=0, options=(), ledger="ledger.db"):
        result = self.ws.run(
            "import", *reports, "--ledger", ledger, "--gateway", self.gate.url, *WHO, *options
        )
        self.assertExit(result, code)
        return result

    def verifies(self, ledger="ledger.db", partly=False):
        """Nothing is wrong, or nothing but that reports are still to be imported."""
        result = self.ws.run("status", "--ledger", ledger, "--verify")
        if partly and result.code == 1:
            damages = [line for line in result.out.splitlines() if line.startswith("damaged: ")]
            self.assertEqual([line for line in damages if "older copy" not in line], [])
        else:
            self.assertExit(result, 0)

    def backup(self, name="morning.db"):
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--backup", name), 0)

    def restore(self, name="morning.db"):
        """As the README says it, on another machine: nothing beside it is left."""
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.ws.file("ledger.db" + suffix)):
                os.replace(self.ws.file("ledger.db" + suffix), self.ws.file("lost.db" + suffix))
        for beside in os.listdir(self.ws.path):
            if beside.startswith("ledger.db"):
                os.remove(self.ws.file(beside))
        shutil.copy(self.ws.file(name), self.ws.file("ledger.db"))
        os.chmod(self.ws.file("ledger.db"), 0o600)

    def lose_ledger(self):
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.ws.file("ledger.db" + suffix)):
                os.remove(self.ws.file("ledger.db" + suffix))

    def bring_back(self):
        """The ledger that was lost, in the place of the other one and of what stands beside that."""
        for beside in os.listdir(self.ws.path):
            if beside.startswith("ledger.db"):
                os.remove(self.ws.file(beside))
        os.replace(self.ws.file("lost.db"), self.ws.file("ledger.db"))

    def sent(self, action):
        """The claims that an action sends, by number."""
        before = len(self.gate.requests)
        action()
        return collections.Counter(number_of(r) for r in self.gate.requests[before:])

    def outcomes(self, report):
        return {row["row"]: (row["outcome"], row["code"]) for row in self.ws.read_report(report)}

    def sql(self, text, *values, ledger="ledger.db"):
        database = sqlite3.connect(self.ws.file(ledger), isolation_level=None)
        try:
            return database.execute(text, values).fetchall()
        finally:
            database.close()

    def state(self, ledger="ledger.db"):
        """What a ledger says of claims and rows, whatever numbers its runs have."""
        rows = self.sql(
            "SELECT run.name, r.row, outcome, code, attempts, submitted_ms, hex(digest) FROM row r"
            " JOIN run ON run.id=r.run ORDER BY 1, 2",
            ledger=ledger,
        )
        claims = self.sql(
            "SELECT claim_order_no, hex(accepted_digest), (SELECT name FROM run WHERE"
            " id=accepted_run), accepted_row, accepted_ms FROM claim WHERE accepted_digest IS NOT"
            " NULL ORDER BY 1",
            ledger=ledger,
        )
        unknown = self.sql(
            "SELECT claim_order_no, (SELECT name FROM run WHERE id=o.run), row FROM open_attempt o"
            " ORDER BY 1",
            ledger=ledger,
        )
        return rows, claims, unknown


class RestoreTest(ImportCase):
    """The morning's backup is restored, and the reports of the day are there."""

    def day(self):
        """A day's exports; every one is cumulative but the first."""
        self.ws.export(claim_rows(12), name="first.csv")
        self.upload("first.csv")
        self.backup()
        self.gate.script = by_number(**MIXED)
        self.ws.export(claim_rows(20, 21), name="second.csv")
        self.upload("second.csv", code=3)
        self.ws.export(claim_rows(6) + claim_rows(25, 21), name="third.csv")
        self.upload("third.csv", code=3)
        self.ws.export(CHANGED + claim_rows(4, 51), name="fourth.csv")
        self.upload("fourth.csv", code=None)
        return [f"{name}.report.csv" for name in ("second", "third", "fourth")]

    def send_all_again(self):
        for name in ("first", "second", "third", "fourth"):
            self.assertIn(self.upload(f"{name}.csv", code=None).code, (0, 1, 3))
        newest = {row["claim_order_no"]: row for row in claim_rows(12) + claim_rows(34, 21)}
        newest.update((row["claim_order_no"], row) for row in CHANGED)
        self.ws.export(newest.values(), name="all.csv")
        self.assertIn(self.upload("all.csv", code=None).code, (0, 1, 3))

    def test_nothing_of_the_reports_is_sent_again_by_any_export(self):
        reports = self.day()
        before = self.state()
        self.restore()
        self.imported(*reports)
        self.verifies()
        self.assertEqual(self.state(), before)
        self.gate.script = by_number()
        again = self.sent(self.send_all_again)
        executed = collections.Counter(
            (r["claim_order_no"], json.dumps(r["claim"], sort_keys=True))
            for r in self.gate.journal
            if r["executed"]
        )
        self.assertEqual([key for key, times in executed.items() if times > 1], [])
        sent_before = {3, 7}  # rejected by another export, and failed
        self.assertLessEqual({n % 10 for n in again if n not in range(46, 51)}, sent_before)
        self.verifies()

    def test_without_it_claims_would_be_sent_twice(self):
        """What the other tests here are about; told to be wrong, they would fail."""
        self.day()
        self.restore()
        self.gate.script = by_number()
        for name in ("second", "third", "fourth"):
            os.remove(self.ws.file(f"{name}.report.csv"))
            os.remove(self.ws.file(f"{name}.report.csv.manifest.json"))
        again = self.sent(lambda: self.upload("third.csv", *NEW_LEDGER, code=None))
        self.assertGreater(len(again), 10)

    def test_the_reports_may_come_in_any_order(self):
        reports = self.day()
        before = self.state()
        for order in ((2, 1, 0), (1, 0, 2), (0, 2, 1)):
            with self.subTest(order):
                self.restore()
                for at in order:
                    self.imported(reports[at])
                self.assertEqual(self.state(), before)
                self.verifies()

    def test_a_second_time_changes_nothing(self):
        reports = self.day()
        self.restore()
        self.imported(*reports)
        before = self.sql("SELECT * FROM row"), self.sql("SELECT * FROM claim")
        result = self.imported(*reports[::-1])
        self.assertSays(result, "learned 0 of them")
        self.assertEqual((self.sql("SELECT * FROM row"), self.sql("SELECT * FROM claim")), before)

    def test_a_ledger_that_knows_it_all_learns_nothing(self):
        reports = self.day()
        before = self.state()
        self.assertSays(self.imported(*reports), "learned 0 of them")
        self.assertEqual(self.state(), before)

    def test_the_reports_agree_with_the_ledger_then(self):
        reports = self.day()
        self.restore()
        self.imported(*reports)
        for report in reports:
            audited = self.ws.run("audit", report, "--ledger", "ledger.db")
            self.assertExit(audited, 0)

    def test_a_lost_ledger_is_learned_anew(self):
        reports = self.day()
        _, claims, unknown = self.state()
        self.lose_ledger()
        self.assertSays(self.imported(*reports, "first.report.csv"), "new ledger created")
        self.assertEqual(self.state()[1:], (claims, unknown))
        self.verifies()

    def test_runs_that_are_only_named_are_places_for_their_reports(self):
        reports = self.day()
        before = self.state()
        self.lose_ledger()
        self.imported(reports[1])
        self.verifies()
        self.ws.export(claim_rows(6) + claim_rows(25, 21), name="all.csv")
        again = self.sent(lambda: self.upload("all.csv", *NEW_LEDGER, code=None))
        self.assertEqual(set(n % 10 for n in again) - {3, 7}, set())
        self.imported(reports[2], reports[0], "first.report.csv")
        self.verifies()
        self.assertEqual(self.state()[1], before[1])

class CopyTest(ImportCase):
    """A ledger in a file can be copied with its folder, and both go on."""

    def test_rows_that_another_copy_of_the_ledger_had_executed_are_named(self):
        self.ws.export(claim_rows(6), name="first.csv")
        self.upload("first.csv", "--limit", 2, code=4)
        shutil.copytree(self.ws.path, self.ws.file("other"))
        self.upload("first.csv")
        os.rename(self.ws.ledger, self.ws.file("aside.db"))  # as on another host
        self.upload("other/first.csv", ledger="other/ledger.db")
        os.rename(self.ws.file("aside.db"), self.ws.ledger)
        before = self.state()
        named = self.imported("other/first.report.csv", code=1)
        self.assertSays(named, "row 4", "row 7", "executed twice")
        self.assertNotIn("row 3", named.err)
        self.assertEqual(self.state(), before)
        self.verifies()


class AsIfHereTest(ImportCase):
    """What follows works as if the runs had been made on this ledger."""

    def lost(self, *rows, script=None, options=(), code=3):
        """A run that a restored ledger does not know."""
        self.ws.export(claim_rows(2), name="first.csv")
        self.upload("first.csv")
        self.backup()
        self.gate.script = script or by_number(**MIXED)
        self.ws.export(rows or claim_rows(20, 21), name="second.csv")
        self.upload("second.csv", *options, code=code)
        self.restore()
        self.gate.script = by_number()

    def test_the_same_upload_sends_what_failed(self):
        self.lost()
        self.imported("second.report.csv")
        self.assertEqual(set(self.sent(lambda: self.upload("second.csv", code=3))), {27, 37})
        self.assertEqual(self.sent(lambda: self.upload("second.csv", code=3)), {})

    def test_a_run_that_was_stopped_goes_on(self):
        self.lost(options=("--limit", 5), script=by_number(), code=4)
        self.imported("second.report.csv")
        sent = self.sent(lambda: self.upload("second.csv"))
        self.assertEqual(set(sent), set(range(26, 41)))
        self.verifies()

    def test_unknown_rows_can_be_settled(self):
        self.lost()
        self.imported("second.report.csv")
        for row, verdict in ((6, "accepted"), (16, "not-executed")):
            settled = self.ws.run(
                "resolve", "second.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url,
                "--row", row, "--as", verdict, *WHO,
            )  # fmt: skip
            self.assertIn(settled.code, (0, 3), settled)
        self.assertEqual(set(self.sent(lambda: self.upload("second.csv", code=1))), {27, 35, 37})
        self.verifies()

    def test_unknown_rows_can_be_sent_again(self):
        self.lost()
        self.imported("second.report.csv")
        sent = self.sent(lambda: self.upload("second.csv", "--resend-unknown", *WHO, code=1))
        self.assertEqual(set(sent), {25, 27, 35, 37})
        self.verifies()

    def test_a_rerun_of_the_report_sends_what_it_would_have(self):
        self.lost()
        self.imported("second.report.csv")
        arguments = list(self.ws.upload_arguments(self.gate, claims="second.report.csv"))
        arguments[0] = "rerun"
        self.assertEqual(set(self.sent(lambda: self.ws.run(*arguments))), {27, 37})
        self.verifies()

    def test_unknown_claims_are_unknown_to_every_export(self):
        self.lost()
        self.imported("second.report.csv")
        self.ws.export(claim_rows(30, 21), name="all.csv")
        sent = self.sent(lambda: self.upload("all.csv", code=3))
        self.assertEqual(set(sent), {23, 27, 33, 37} | set(range(41, 51)))
        self.assertEqual(self.outcomes("all.report.csv")["6"], ("unknown", "UNSETTLED"))

    def assertInAnyOrder(self, state, *reports):
        for order in (reports, reports[::-1]):
            self.restore()
            for report in order:
                self.imported(report)
            self.assertEqual(self.state(), state)
            self.verifies()

    def test_a_rerun_and_its_parent_in_any_order(self):
        self.lost()
        self.bring_back()
        arguments = list(self.ws.upload_arguments(self.gate, claims="second.report.csv"))
        arguments[0] = "rerun"
        self.assertExit(self.ws.run(*arguments), 0)
        before = self.state()
        self.assertInAnyOrder(before, "second.report.csv", "second.report.rerun-1.csv")

    def test_a_resolved_report_settles_what_an_older_one_leaves_unknown(self):
        self.lost()
        self.bring_back()
        for name in ("second.report.csv", "second.report.csv.manifest.json"):
            shutil.copy(self.ws.file(name), self.ws.file("older." + name))
        settled = self.ws.run(
            "resolve", "second.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url,
            "--row", 6, "--as", "accepted", *WHO,
        )  # fmt: skip
        self.assertExit(settled, 3)
        before = self.state()
        self.assertInAnyOrder(before, "older.second.report.csv", "second.report.csv")

    def test_a_backup_in_the_middle_of_a_run(self):
        """Its intents are unknown until the report says what came of them."""
        self.ws.export(claim_rows(12), name="first.csv")
        held = self.gateway(
            lambda r: accept(r) if number_of(r) <= 6 or self.gate.released.wait(60) else None
        )
        run = self.ws.start(
            *self.ws.upload_arguments(held, "-c", 4, "--retries", 0, claims="first.csv")
        )
        held.wait_for(lambda: len(held.journal) >= 6 and len(held.requests) >= 10)
        self.backup()
        self.gate.released.set()
        self.assertExit(run.finish(), 0)
        before = self.state()
        self.restore()
        result = self.ws.run(
            "import", "first.report.csv", "--ledger", "ledger.db", "--gateway", held.url, *WHO
        )
        self.assertExit(result, 0)
        self.assertEqual(self.state(), before)
        self.verifies()

    def test_the_calls_count_against_the_quota_of_the_day(self):
        self.lost()
        self.imported("second.report.csv")
        self.assertEqual(self.sql("SELECT sum(calls) FROM calls"), [(22,)])

    def test_content_that_was_superseded_stays_so(self):
        """The older export is resumed after the newer one was accepted."""
        self.ws.export(claim_rows(2), name="other.csv")
        self.upload("other.csv")
        self.backup()
        self.ws.export(claim_rows(6, 11), name="old.csv")
        self.upload("old.csv", "--limit", 3, code=4)
        newer = [claim_row(i, claim_fee="7777") for i in range(11, 17)]
        self.ws.export(newer, name="new.csv")
        self.upload("new.csv")
        self.upload("old.csv")
        self.assertEqual(self.outcomes("old.report.csv")["7"], ("skipped", "SUPERSEDED"))
        before = self.state()
        for reports in (("old", "new"), ("new", "old"), ("old",)):
            with self.subTest(reports):
                self.restore()
                for report in reports:
                    self.imported(f"{report}.report.csv")
                self.verifies(partly=len(reports) < 2)
                if len(reports) == 2:
                    self.assertEqual(self.state()[:2], before[:2])
                options = () if len(reports) == 2 else NEW_LEDGER
                self.assertEqual(self.sent(lambda: self.upload("old.csv", *options)), {})
                if len(reports) == 2:
                    self.assertEqual(self.sent(lambda: self.upload("new.csv")), {})
                    continue
                self.ws.export(newer[3:], name="again.csv")
                sent = self.sent(lambda: self.upload("again.csv", *NEW_LEDGER, code=None))
                self.assertEqual(sent, {})

    def test_a_row_that_waits_for_a_run_without_a_report_is_unknown(self):
        self.lost()
        self.bring_back()
        self.ws.export(claim_rows(30, 21), name="third.csv")
        self.upload("third.csv", code=3)
        before = self.state()
        for reports in (("third",), ("third", "second"), ("second", "third")):
            with self.subTest(reports):
                self.restore()
                for report in reports:
                    self.imported(f"{report}.report.csv")
                    self.verifies(partly=True)
                if len(reports) == 2:
                    self.assertEqual(self.state(), before)
                self.ws.export(claim_rows(32, 21), name="all.csv")
                sent = self.sent(lambda: self.upload("all.csv", *NEW_LEDGER, code=3))
                self.assertEqual(set(sent) & {25, 35}, set())
                self.verifies()
                for suffix in ("", ".manifest.json"):
                    os.remove(self.ws.file("all.report.csv" + suffix))


class RefusalTest(ImportCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(4))
        self.upload("claims.csv")
        os.replace(self.ws.file("ledger.db"), self.ws.file("lost.db"))

    def refused(self, code, *words, options=()):
        result = self.imported("claims.report.csv", code=code, options=options)
        self.assertSays(result, "nothing was imported", *words)
        return result

    def edit(self, name, old, new):
        data = self.ws.read(name)
        self.assertIn(old, data)
        self.ws.write(name, data.replace(old, new, 1))

    def test_a_report_without_its_manifest(self):
        os.remove(self.ws.file("claims.report.csv.manifest.json"))
        self.refused(78, "no manifest")

    def test_a_report_of_another_platform(self):
        result = self.ws.run("import", "claims.report.csv", "--ledger", "ledger.db", *WHO)
        self.assertExit(result, 78)
        self.assertSays(result, "platform", "nothing was imported")

    def test_a_report_of_which_one_byte_was_changed(self):
        self.edit("claims.report.csv", b",accepted,", b",rejected,")
        self.refused(65)

    def test_a_report_whose_manifest_was_made_to_fit_is_refused_by_its_signature(self):
        self.bring_back()
        key = self.ws.file("sign-key.pem")
        os.system(f"openssl genpkey -algorithm ed25519 -out {key} 2>/dev/null")
        os.system(f"openssl pkey -in {key} -pubout -out {self.ws.file('public.pem')} 2>/dev/null")
        os.chmod(key, 0o600)
        self.ws.export(claim_rows(3, 31), name="signed.csv")
        self.upload("signed.csv", "--sign-key", "sign-key.pem")
        self.imported("signed.report.csv", options=("--verify-key", "public.pem"))
        self.refused(65, "not signed", options=("--verify-key", "public.pem"))
        self.edit("signed.report.csv.manifest.json", b'"finished": "2', b'"finished": "3')
        self.imported("signed.report.csv", code=65, options=("--verify-key", "public.pem"))

    def test_all_reports_or_none(self):
        self.bring_back()
        self.ws.export(claim_rows(3, 31), name="second.csv")
        self.backup()
        self.upload("second.csv")
        self.restore()
        before = self.state()
        self.edit("claims.report.csv", b"CL00000001", b"CL00000009")
        self.imported("second.report.csv", "claims.report.csv", code=65)
        self.assertEqual(self.state(), before)

    def test_nothing_without_a_name_and_a_reason(self):
        result = self.ws.run("import", "claims.report.csv", "--ledger", "ledger.db")
        self.assertExit(result, 2)
        self.assertSays(result, "--by NAME and --reason TEXT", "nothing was imported")

    def test_it_is_recorded_who_imported_and_why(self):
        self.imported("claims.report.csv")
        run = self.ws.read_manifest("claims.report.csv")
        self.assertEqual(
            self.sql("SELECT name, report_sha256, by, reason FROM import JOIN run ON id=run"),
            [(run["run"], file_digest(self.ws.file("claims.report.csv")), WHO[1], WHO[3])],
        )

    def test_a_run_that_is_active(self):
        self.bring_back()
        self.ws.export(claim_rows(4, 41), name="second.csv")
        self.gate.script = lambda r: self.gate.released.wait(60) and accept(r)
        run = self.ws.start(*self.ws.upload_arguments(self.gate, claims="second.csv"))
        self.gate.wait_for(lambda: len(self.gate.requests) > 4)
        known = self.sql("SELECT name, lower(hex(export_sha256)) FROM run ORDER BY id DESC")[0]
        manifest = self.ws.read_manifest("claims.report.csv")
        for old, new in zip((manifest["run"], manifest["input"]["sha256"]), known):
            self.edit("claims.report.csv.manifest.json", old.encode(), new.encode())
        self.refused(75, "active")
        self.gate.released.set()
        self.assertExit(run.finish(), 0)

    def test_a_command_that_is_misspelt_is_suggested(self):
        self.assertSays(self.ws.run("improt", "x.csv"), "did you mean import?")


class KillTest(ImportCase):
    def test_killed_at_any_moment_and_typed_again_it_ends_the_same(self):
        self.ws.export(claim_rows(2), name="first.csv")
        self.upload("first.csv")
        self.backup()
        self.gate.script = by_number(**MIXED)
        reports = []
        for at in range(3):
            self.ws.export(claim_rows(60, 11 + 40 * at), name=f"day{at}.csv")
            self.upload(f"day{at}.csv", code=3)
            reports.append(f"day{at}.report.csv")
        before = self.state()
        arguments = ("import", *reports, "--ledger", "ledger.db", "--gateway", self.gate.url, *WHO)
        killed = 0
        for step in range(12):
            self.restore()
            run = self.ws.start(*arguments)
            time.sleep(0.01 * (step + 1) ** 1.5)
            run.send_signal(signal.SIGKILL)
            killed += run.finish().code != 0
            self.verifies(partly=True)
            self.assertExit(self.ws.run(*arguments), 0)
            self.assertEqual(self.state(), before)
            self.verifies()
        self.assertGreater(killed, 0)


if __name__ == "__main__":
    unittest.main()
