"""An export that is still being written, or is replaced, while a command reads it (contract section 6)."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
import unittest

from harness import (
    FreshWorkspace,
    Reply,
    TestCase,
    accept,
    ban_body,
    claim_row,
    claim_rows,
    error_body,
    export_text,
    file_digest,
    http,
)


def append(path, rows):
    with open(path, "a", encoding="utf-8") as file:
        file.write(export_text(rows).split("\n", 1)[1])


class ChangingCase(TestCase):
    def once(self, change):
        """A script that changes the files while the first request waits for its answer."""

        def script(request):
            if request.number == 1:
                change()
            return accept(request)

        return self.gateway(script)

    def replace(self, rows, name="claims.csv"):
        fresh = self.ws.export(rows, name="fresh.csv")
        os.rename(fresh, self.ws.file(name))


class UploadTest(ChangingCase):
    def assertTold(self, result, how):
        self.assertExit(result, 75)
        self.assertSays(result, "claims.csv", how, "\nnext: ", " upload claims.csv --ledger")
        self.assertNotIn("nothing is left", result.err)
        manifest = self.ws.read_manifest()
        self.assertEqual(manifest["stopped_because"], "export-changed")
        self.assertFalse(manifest["complete"])

    def test_rows_that_are_appended_during_the_run_are_told_and_sent_by_the_next(self):
        self.ws.export(claim_rows(5))
        gateway = self.once(lambda: append(self.ws.claims, [claim_row(6), claim_row(7)]))
        self.assertTold(self.ws.upload(gateway), "has grown")
        self.assertTally({"accepted": 5})
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "nothing is left to do")
        self.assertEqual(len(gateway.requests), 7)
        self.assertTally({"accepted": 2, "skipped": 5})

    def test_a_large_export_that_grows_is_sent_as_far_as_it_was_checked(self):
        rows = [dict(row, claim_desc="x" * 1900) for row in claim_rows(1500)]
        self.ws.export(rows)
        self.assertGreater(os.path.getsize(self.ws.claims), 2 << 20)
        gateway = self.once(lambda: append(self.ws.claims, [claim_row(9999)]))
        self.assertTold(self.ws.upload(gateway, "--rule", "reason-without-refusal=off"), "has grown")
        self.assertTally({"accepted": 1500})

    def test_an_export_that_is_replaced_is_told(self):
        self.ws.export(claim_rows(5))
        gateway = self.once(lambda: self.replace(claim_rows(8)))
        self.assertTold(self.ws.upload(gateway), "was replaced")
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 8)

    def test_a_link_that_is_turned_to_another_export_is_told(self):
        self.ws.export(claim_rows(5), name="monday.csv")
        self.ws.export(claim_rows(8), name="tuesday.csv")
        os.symlink("monday.csv", self.ws.claims)

        def turn():
            os.symlink("tuesday.csv", self.ws.file("link"))
            os.rename(self.ws.file("link"), self.ws.claims)

        self.assertTold(self.ws.upload(self.once(turn)), "was replaced")

    def test_an_export_that_is_cut_is_told(self):
        self.ws.export(claim_rows(5))
        self.assertTold(self.ws.upload(self.once(lambda: os.truncate(self.ws.claims, 200))), "was cut")

    def test_an_export_that_is_overwritten_in_place_is_told(self):
        self.ws.export(claim_rows(5))
        times = os.stat(self.ws.claims).st_atime_ns, os.stat(self.ws.claims).st_mtime_ns

        def overwrite():
            with open(self.ws.claims, "r+b") as file:
                text = file.read()
                file.seek(0)
                file.write(text.replace(b",105\n", b",999\n"))
            os.utime(self.ws.claims, ns=times)

        self.assertTold(self.ws.upload(self.once(overwrite)), "was written to")

    def test_a_stop_keeps_its_code_and_the_change_is_told_as_well(self):
        self.ws.export(claim_rows(5))
        gateway = self.once(lambda: append(self.ws.claims, [claim_row(6)]))
        result = self.ws.upload(gateway, "--limit", "2")
        self.assertExit(result, 4)
        self.assertSays(result, "has grown", "--limit")

    def test_where_nothing_was_left_to_send_it_is_told_too(self):
        """It changes while the run waits for its ledger: everything was checked by then."""
        self.ws.export(claim_rows(3))
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        other = sqlite3.connect(self.ws.ledger, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        run = self.ws.start_upload(gateway)
        run.wait_for_words("3 rows")
        append(self.ws.claims, [claim_row(4)])
        other.execute("ROLLBACK")
        result = run.finish()
        self.assertExit(result, 75)
        self.assertSays(result, "has grown")
        self.assertNotIn("nothing is left to do", result.err)
        self.assertEqual(len(gateway.requests), 3)


class BegunAnewTest(ChangingCase):
    """A run begins anew, sends nothing and is killed; then its export is replaced, so nobody types the same again."""

    def killed_in_a_ban(self, gateway):
        self.ws.export(claim_rows(1, 91), name="other.csv")
        gateway.script = lambda request: Reply(http(ban_body(60)))
        run = self.ws.start_upload(gateway, claims="other.csv")
        self.wait_for("SELECT * FROM ban")
        run.send_signal(signal.SIGINT)
        self.assertExit(run.finish(), 130)
        run = self.ws.start_upload(gateway)
        self.wait_for("SELECT * FROM run WHERE finished_ms=0")
        run.send_signal(signal.SIGKILL)
        run.finish()
        gateway.script = accept

    def wait_for(self, text):
        with contextlib.closing(sqlite3.connect(self.ws.ledger)) as ledger:
            for _ in range(3000):
                if ledger.execute(text).fetchone():
                    return
                time.sleep(0.01)
        raise AssertionError(text)

    def audit(self, code, *words):
        result = self.ws.run("audit", ".", "--ledger", "ledger.db")
        self.assertExit(result, code)
        for word in words:
            self.assertIn(word, " ".join(result.out.split()))

    def resolve(self, gateway):
        result = self.ws.run(
            "resolve", "claims.report.csv", "--ledger", "ledger.db", "-g", gateway.url
        )
        self.assertExit(result, 0)
        return result

    def test_its_report_is_brought_up_to_date_by_resolve(self):
        gateway = self.gateway()
        self.ws.export(claim_rows(5))
        self.assertExit(self.ws.upload(gateway, "--limit", "2"), 4)
        self.killed_in_a_ban(gateway)
        self.replace(claim_rows(3))
        self.audit(0, "everything that was checked agrees", "was started again")
        self.assertSays(self.resolve(gateway), "brought up to date")
        self.assertEqual(self.ws.read_manifest()["stopped_because"], "interrupted")
        self.audit(0, "everything that was checked agrees")
        manifest = file_digest(self.ws.report + ".manifest.json")
        self.resolve(gateway)
        self.assertEqual(file_digest(self.ws.report + ".manifest.json"), manifest)


class UnchangedTest(ChangingCase):
    """What leaves the content as it was is no change."""

    def test_a_touch_a_copy_and_a_move_are_no_changes(self):
        for name, change in (
            ("touched", lambda: os.utime(self.ws.claims)),
            ("copied anew", lambda: self.replace(claim_rows(3))),
            ("moved away", lambda: os.rename(self.ws.claims, self.ws.file("done.csv"))),
        ):
            with self.subTest(name), FreshWorkspace(self):
                self.ws.export(claim_rows(3))
                result = self.ws.upload(self.once(change))
                self.assertExit(result, 0)
                self.assertSays(result, "nothing is left to do")

    def test_standard_input_is_not_concerned(self):
        path = self.ws.export(claim_rows(3))
        gateway = self.once(lambda: append(path, [claim_row(4)]))
        with open(path, "rb") as file:
            run = self.ws.start(
                *self.ws.upload_arguments(gateway, "-o", "out.csv", claims="-"), stdin=file
            )
            self.assertExit(run.finish(), 0)


class OtherCommandsTest(ChangingCase):
    def test_a_check_tells_of_rows_that_are_appended_meanwhile(self):
        self.ws.export([claim_row(i, claim_fee="x") for i in range(2000)])
        # Its output is more than a pipe takes, so that it waits in the middle.
        process = subprocess.Popen(
            [self.ws.binary, "check", "claims.csv", "--json"],
            cwd=self.ws.path,
            env=self.ws.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        first = process.stdout.read(1)
        append(self.ws.claims, [claim_row(3000)])
        rest, words = process.communicate()
        self.assertEqual(process.returncode, 75, words)
        self.assertIn(b"has grown", first + rest)
        self.assertIn(b"check it again", words)
        self.assertNotIn(b"claimbatch upload", words)

    def test_a_rerun_tells_of_a_report_that_is_replaced(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda request: Reply(http(error_body(1))))
        self.assertExit(self.ws.upload(gateway, "--retries", "0"), 1)

        def script(request):
            os.rename(self.ws.file("other.csv"), self.ws.report)
            gateway.script = accept
            return accept(request)

        self.ws.write("other.csv", self.ws.read_text(self.ws.report).replace("failed", "unsent"))
        gateway.script = script
        result = self.ws.run(
            "rerun", "claims.report.csv", *self.ws.upload_arguments(gateway)[2:], "-c", "1"
        )
        self.assertExit(result, 75)
        self.assertSays(result, "claims.report.csv", "was replaced")
        self.assertNotIn("nothing is left to do", result.err)


if __name__ == "__main__":
    unittest.main()
