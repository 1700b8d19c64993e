"""What becomes of a run whose ledger's server goes away, and of a ledger that was put back from a backup."""

import json
import os
import signal
import subprocess
import time

import postgres
from harness import NEW_LEDGER, Sandbox, claim_rows
from test_server_upload import HostsCase

ROWS = 40


class OutageCase(HostsCase):
    """The server's socket is in a folder whose name is a link, which can be taken away."""

    def setUp(self):
        super().setUp()
        self.state = self.ws.file("state")
        os.mkdir(self.state, 0o700)
        self.folder = self.url.split("host=")[1]
        self.link = self.ws.file("server")
        self.at_server = self.url
        self.url = self.url.replace(self.folder, self.link)
        self.reach()

    def reach(self):
        os.symlink(self.folder, self.link)

    def part(self, most=100):
        """Ends so many connections, those that were made first, and lets nobody make one."""
        os.unlink(self.link)
        postgres.query(self.at_server, "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
                                       " WHERE pid<>pg_backend_pid() AND datname=current_database()"
                                       f" ORDER BY backend_start LIMIT {most}) AS first")

    def environment(self):
        return self.ws.environment(STATE_DIRECTORY=self.state)

    def upload_again(self, gateway, *options, claims="claims.csv"):
        return self.ws.upload(gateway, *options, claims=claims, ledger=self.url, env=self.environment())

    def spills(self):
        return [name for name in os.listdir(self.state) if name.endswith(".spill")]

    def wait_for_spill(self, run):
        """One that has more than its beginning."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if any(os.path.getsize(os.path.join(self.state, name)) > 300 for name in self.spills()):
                return
            time.sleep(0.02)
        self.fail("no answer was kept: " + run.said())


class OutageTest(OutageCase):
    def status(self, *options):
        run = self.ws.run("status", "--ledger", self.url, *options, env=self.environment())
        self.assertExit(run, 0)
        return run

    def assertShown(self, process):
        """What is kept, and what to type."""
        (spill,) = json.loads(self.status("--json").out)["spills"]
        (run,), = postgres.query(self.at_server, "SELECT name FROM claimbatch.run")
        self.assertEqual((spill["file"], spill["process"], spill["at_work"], spill["runs"]),
                         (os.path.join(self.state, self.spills()[0]), process, False, [run]))
        self.assertGreater(spill["answers"], 0)
        shown = self.status().out
        for words in ("answers kept on this host", f"  {spill['file']}\n", f"    {spill['answers']} answer", f"    run {run}\n",
                      "type the same upload on this host"):
            self.assertIn(words, shown)

    def test_answers_that_came_meanwhile_are_stored_by_the_next_start(self):
        self.ws.export(claim_rows(ROWS))
        with Sandbox(self.ws, "--latency", "400") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "-c", 4, ledger=self.url), env=self.environment())
            self.assertTrue(gateway.has_lines(8, 60))
            self.part()
            self.wait_for_spill(run)
            run.send_signal(signal.SIGKILL)
            run.finish()
            self.reach()
            self.assertShown(run.process.pid)
            again = self.upload_again(gateway, "-c", 4)
        self.assertIn("had kept", again.log)
        self.assertNotIn("kept on this host", self.status().out)
        self.assertEqual(self.spills(), [])
        executed = self.assertExecutedOnce(gateway)
        outcomes = [row["outcome"] for row in self.ws.read_report()]
        self.assertLessEqual(len(executed), ROWS)
        self.assertLess(outcomes.count("unknown"), 8)
        (applied,), = postgres.query(self.at_server, "SELECT count(*) FROM claimbatch.late_answer WHERE applied")
        self.assertGreater(int(applied), 0)
        self.assertEqual(
            postgres.query(self.at_server, "SELECT count(*) FROM claimbatch.late_answer WHERE NOT applied"), [["0"]])

    def test_within_the_patience_one_is_nothing_to_the_run(self):
        self.ws.export(claim_rows(ROWS))
        with Sandbox(self.ws, "--latency", "100") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "-c", 4, ledger=self.url), env=self.environment())
            for lines, connections in ((8, 1), (16, 100)):
                self.assertTrue(gateway.has_lines(lines, 60))
                self.part(connections)
                time.sleep(4)
                self.reach()
            ended = run.finish()
        self.assertExit(ended, 0)
        self.assertEqual(len(self.assertExecutedOnce(gateway)), ROWS)
        self.assertIn("This run waits for the ledger", ended.log)
        self.assertEqual(self.spills(), [])


class RestoreTest(OutageCase):
    def test_a_ledger_that_was_put_back_is_refused_until_a_person_says_otherwise(self):
        self.ws.export(claim_rows(5))
        self.ws.export(claim_rows(5, first=101), name="more.csv")
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.upload_again(gateway), 0)
            backup = self.ws.file("backup.sql")
            subprocess.run(["pg_dump", "--clean", f"--dbname={self.at_server}", f"--file={backup}"], check=True)
            self.assertExit(self.upload_again(gateway, claims="more.csv"), 0)
            with open(backup, encoding="utf-8") as file:
                postgres.query(self.at_server, file.read())
            os.remove(self.ws.file("more.report.csv.manifest.json"))
            os.remove(self.ws.file("more.report.csv"))
            sent = len(gateway.journal)
            refused = self.upload_again(gateway, claims="more.csv")
            self.assertExit(refused, 78)
            self.assertIn("put back from a backup", refused.log)
            self.assertIn("--new-ledger --by NAME --reason TEXT", refused.log)
            self.assertExit(self.upload_again(gateway, claims="more.csv"), 78)
            self.assertEqual(len(gateway.journal), sent)
            self.assertExit(self.upload_again(gateway, *NEW_LEDGER), 0)
            self.assertExit(self.upload_again(gateway), 0)
            self.assertEqual(len(gateway.journal), sent)
