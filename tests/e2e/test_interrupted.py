"""The export of a run that did not come to its end is replaced by another one of the same name, and
the same command is typed: what is left of the first run is told."""

import glob
import json
import os
import re
import threading

from harness import TestCase, accept, claim_rows, fail, file_digest


class InterruptedCase(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        self.ws.export(claim_rows(9))

    def replace(self, first=101):
        """Another day's export under the same name; the first one is kept elsewhere."""
        os.rename(self.ws.file("claims.csv"), self.ws.file("yesterday.csv"))
        self.ws.export(claim_rows(2, first))

    def kill(self, command="upload", claims="claims.csv", after=4):
        """A run that sends claims of the nine, killed with one of them in flight."""
        held = threading.Event()

        def script(request):
            if len(self.web.requests) > after:
                held.wait(60)
            return accept(request)

        self.web.script = script
        sending = self.ws.upload_arguments(self.web, "--in-flight", 1)[2:]
        run = self.ws.start(command, claims, *sending)
        self.web.wait_for_requests(after + 1)
        run.process.kill()
        run.process.wait()
        held.set()
        self.web.wait_until_left()
        self.web.script = accept
        (start,) = glob.glob(self.ws.file("*.started.json"))
        return json.loads(self.ws.read(start))["run"]

    def counts(self, result):
        """Accepted, unknown and not sent, as they are told."""
        told = re.search(r"accepted rows: (\d+), unknown: (\d+), not sent: (\d+)", result.err)
        return [int(number) for number in told.groups()]


class KilledTest(InterruptedCase):
    def test_the_next_export_tells_what_is_left(self):
        run = self.kill()
        digest = file_digest(self.ws.file("claims.csv"))
        self.replace()
        result = self.ws.upload(self.web)
        self.assertExit(result, 0)
        aside = f"claims.report.{run}.csv.started.json"
        self.assertSays(
            result,
            f"run {run} of 'claims.csv' (SHA-256 {digest[:12]}…) was interrupted",
            aside,
            "bring that file back",
            f"or, if that file is gone for good: claimbatch status --abandon {run} --by NAME",
        )
        self.assertEqual(sum(self.counts(result)), 9)
        self.assertNotIn("nothing is left to do", result.err)
        self.assertTrue(os.path.exists(self.ws.file(aside)))

    def test_the_export_brought_back_under_another_name_goes_on(self):
        run = self.kill()
        self.replace()
        told = self.ws.upload(self.web)
        self.assertExit(told, 0)
        accepted, unknown, not_sent = self.counts(told)
        self.assertExit(self.ws.upload(self.web, claims="yesterday.csv"), 3)
        self.assertEqual(self.ws.read_manifest("yesterday.report.csv")["run"], run)
        self.assertTally({"accepted": accepted + not_sent, "unknown": unknown}, "yesterday.report.csv")

    def test_a_quiet_upload_warns_too_and_hooks_are_told(self):
        run = self.kill()
        self.replace()
        result = self.ws.upload(self.web, "--quiet", "--after", 'echo "next=$CLAIMBATCH_NEXT"')
        self.assertExit(result, 0)
        self.assertSays(result, run, "next=claimbatch status --ledger ")

    def test_an_abandoned_run_is_over(self):
        run = self.kill()
        said = ("--by", "tests", "--reason", "a wrong file")
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--abandon", run, *said), 0)
        self.replace()
        result = self.ws.upload(self.web)
        self.assertSays(result, "nothing is left to do")
        self.assertNotIn("was interrupted", result.err)


class StoppedTest(InterruptedCase):
    def stop(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 4), 4)
        return self.ws.read_manifest()["run"]

    def rerun(self, report):
        arguments = list(self.ws.upload_arguments(self.web, claims=report))
        return self.ws.run("rerun", *arguments[1:])

    def test_the_next_export_says_how_many_and_how_they_are_sent(self):
        run = self.stop()
        self.replace()
        result = self.ws.upload(self.web)
        aside = f"claims.report.{run}.csv"
        self.assertExit(result, 0)
        self.assertSays(result, f"5 rows of run {run} failed or were not sent", f"claimbatch rerun {aside} ")
        self.assertNotIn("nothing is left to do", result.err)
        self.assertExit(self.rerun(aside), 0)
        self.assertEqual(len(set(self.web.keys())), 11)

    def test_a_quiet_upload_warns_too_and_hooks_are_told(self):
        self.stop()
        self.replace()
        result = self.ws.upload(self.web, "--quiet", "--after", 'echo "next=$CLAIMBATCH_NEXT"')
        self.assertSays(result, "5 rows", "next=claimbatch rerun claims.report.")

    def test_what_a_rerun_has_sent_is_not_told(self):
        self.stop()
        self.assertExit(self.rerun("claims.report.csv"), 0)
        self.replace()
        result = self.ws.upload(self.web)
        self.assertSays(result, "nothing is left to do")
        self.assertNotIn("failed or were not sent", result.err)

    def test_a_run_that_came_to_its_end_is_not_told(self):
        self.assertExit(self.ws.upload(self.web), 0)
        self.replace()
        self.assertSays(self.ws.upload(self.web), "nothing is left to do")

    def test_a_chinese_upload_says_it_in_chinese(self):
        run = self.stop()
        self.replace()
        result = self.ws.upload(self.web, env=self.ws.environment(LANGUAGE="zh_CN"))
        self.assertSays(result, f"有 5 行（批次 {run}）失败或未发送")


class NextTest(InterruptedCase):
    """What is to be typed next names no file that is another one by now."""

    def status(self):
        return self.ws.run("status", "--ledger", "ledger.db")

    def test_status_asks_for_the_export_that_was_replaced(self):
        run = self.kill()
        digest = file_digest(self.ws.file("claims.csv"))
        self.assertSays(self.status(), "next: claimbatch upload ")
        self.replace()
        result = self.status()
        self.assertSays(result, f"next: bring back the export of run {run} (SHA-256 {digest})")
        self.assertNotIn("next: claimbatch upload", result.err)
        os.unlink(self.ws.file("claims.csv"))
        self.assertSays(self.status(), "next: bring back the export")
        os.rename(self.ws.file("yesterday.csv"), self.ws.file("claims.csv"))
        self.assertSays(self.status(), "next: claimbatch upload ")

    def test_status_closes_a_rerun_whose_report_was_written_anew(self):
        """What is typed as told leaves nothing to be told."""
        self.web.script = fail(15, "isp.call-limited")
        self.assertExit(self.ws.upload(self.web, "--retries", 0), 1)
        run = self.kill("rerun", "claims.report.csv", after=9 + 2)
        self.assertSays(self.status(), "next: claimbatch rerun ")
        self.assertExit(self.ws.upload(self.web), 3)
        told = self.status()
        self.assertSays(told, f"next: the report of which rerun {run} took its rows was written anew")
        command = re.search(r"over: claimbatch (status --abandon .*) --by NAME", told.err).group(1)
        self.assertExit(self.ws.run(*command.split(), "--by", "x", "--reason", "y"), 0)
        self.assertNotIn("--abandon", self.status().err)

    def test_status_names_no_report_of_another_run(self):
        run = self.kill()
        self.assertIn(f"  report {os.path.realpath(self.ws.report)}\n", self.status().out)
        self.replace()
        self.assertExit(self.ws.upload(self.web), 0)
        newer = self.ws.read_manifest()["run"]
        told = self.status().out
        self.assertIn(f"report: none; '{os.path.realpath(self.ws.report)}' is the one of run {newer}", told)
        self.assertNotIn("  report ", told[told.index(f"run {run}  interrupted"):])
        listed = self.ws.run("resolve", "--ledger", "ledger.db", "--gateway", self.web.url).out
        self.assertIn(f"of run {run}\n  report       none\n", listed)

    def test_resolve_names_the_rerun_where_the_export_was_replaced(self):
        self.assertExit(self.ws.upload(self.web, "--limit", 4), 4)
        resolving = ("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.web.url)
        self.assertSays(self.ws.run(*resolving), "claimbatch upload ")
        self.replace()
        self.assertSays(self.ws.run(*resolving), "claimbatch rerun claims.report.csv ")
