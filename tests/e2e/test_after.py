"""The command of --after: when it runs, what it is told, what it does not get, and that nothing of it
changes the run."""

import json
import os
import signal
import subprocess
import time

from harness import APP_KEY, APP_SECRET, TestCase, accept, claim_row, claim_rows, refuse, reset

# Writes down all that it is given.
KEEP = "env -0 >after.env; cat >after.json; pwd >after.pwd; ls -l /proc/self/fd >after.fds"
DESCRIPTION = "the-text-of-a-claim"


def children_of(parent):
    """By /proc: pgrep is not everywhere."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                words = file.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(words[1]) == parent:
            found.append(int(name))
    return found


class AfterTest(TestCase):
    gate = None  # one for all uploads of a test

    def told(self):
        pairs = [pair.split("=", 1) for pair in self.ws.read_text("after.env").split("\0") if pair]
        return {name: value for name, value in pairs}

    def given(self):
        return json.loads(self.ws.read("after.json"))

    def upload(self, script, *options, rows=3, command=KEEP, **how):
        self.ws.export(claim_rows(rows) if isinstance(rows, int) else rows)
        if not self.gate:
            self.gate = self.gateway(script)
        return self.ws.upload(self.gate, "--after", command, *options, **how)

    def test_it_is_told_what_became_of_the_run(self):
        rows = claim_rows(2) + [claim_row(3, claim_fee="x")]
        result = self.upload(lambda r: refuse(r) if r.number == 1 else accept(r), "--in-flight", "1", rows=rows)
        self.assertExit(result, 1)
        manifest = self.ws.read_manifest()
        self.assertEqual(self.given(), manifest)
        told = self.told()
        self.assertEqual(told["CLAIMBATCH_EXIT"], "1")
        self.assertEqual(told["CLAIMBATCH_COMMAND"], "upload")
        self.assertEqual(told["CLAIMBATCH_RUN"], manifest["run"])
        self.assertEqual(told["CLAIMBATCH_REPORT"], os.path.realpath(self.ws.report))
        self.assertEqual(told["CLAIMBATCH_MANIFEST"], os.path.realpath(self.ws.report) + ".manifest.json")
        self.assertEqual(told["CLAIMBATCH_LEDGER"], os.path.realpath(self.ws.ledger))
        self.assertIn(" upload claims.csv ", told["CLAIMBATCH_NEXT"])
        for outcome, counts in manifest["outcomes"].items():
            self.assertEqual(told[f"CLAIMBATCH_ROWS_{outcome.upper()}"], str(counts["rows"]))
            self.assertEqual(told[f"CLAIMBATCH_FEN_{outcome.upper()}"], str(counts["fee_fen"]))
        self.assertEqual(told["CLAIMBATCH_ROWS_ALL"], "3")
        self.assertEqual(told["CLAIMBATCH_FEN_ALL"], "203")
        self.assertEqual(self.ws.read_text("after.pwd").strip(), os.path.realpath(self.ws.path))

    def test_unknown_rows_are_settled_next(self):
        result = self.upload(reset, rows=1)
        self.assertExit(result, 3)
        self.assertIn("claimbatch resolve ", self.told()["CLAIMBATCH_NEXT"])

    def test_where_nothing_is_left_it_is_told_the_same_again(self):
        self.assertExit(self.upload(accept), 0)
        first = self.told()
        self.assertEqual(first["CLAIMBATCH_NEXT"], "")
        result = self.upload(accept)
        self.assertExit(result, 0)
        self.assertEqual(self.told(), first)
        self.assertEqual(self.given(), self.ws.read_manifest())

    def test_a_start_that_was_refused_is_told_without_a_run(self):
        self.assertExit(self.upload(accept, "--min-rows", "9"), 65)
        told = self.told()
        self.assertEqual((told["CLAIMBATCH_EXIT"], told["CLAIMBATCH_RUN"]), ("65", ""))
        self.assertNotIn("CLAIMBATCH_ROWS_ACCEPTED", told)
        self.assertIsNone(self.given())
        self.assertIn("--min-rows 9", told["CLAIMBATCH_NEXT"])

    def test_a_stop_by_a_signal_is_told_though_all_processes_got_it(self):
        """As systemd and a terminal do."""
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: gateway.released.wait(30) and accept(r) or accept(r))
        argv = [self.ws.binary, *map(str, self.ws.upload_arguments(gateway, "--after", KEEP))]
        run = subprocess.Popen(
            argv, cwd=self.ws.path, env=self.ws.environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        gateway.wait_for_requests(1)
        for pid in (run.pid, *children_of(run.pid)):
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.2)
        gateway.released.set()
        self.assertEqual(run.wait(60), 143)
        told = self.told()
        self.assertEqual((told["CLAIMBATCH_EXIT"], told["CLAIMBATCH_STOPPED_BECAUSE"]), ("143", "signal"))

    def test_a_run_that_is_killed_runs_nothing(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda r: gateway.released.wait(30) and accept(r) or accept(r))
        run = self.ws.start_upload(gateway, "--after", KEEP)
        gateway.wait_for_requests(1)
        (waiting,) = children_of(run.process.pid)
        run.process.kill()
        run.process.wait()
        gateway.released.set()
        for _ in range(500):
            if not os.path.exists(f"/proc/{waiting}/fd") or not os.listdir(f"/proc/{waiting}/fd"):
                break
            time.sleep(0.01)
        else:
            self.fail("the process that waited is still there")
        self.assertFalse(os.path.exists(self.ws.file("after.env")))

    def test_its_failure_is_told_and_changes_nothing(self):
        for command, words in (
            ("exit 7", "ended with exit code 7"),
            ("kill -9 $$", "ended by signal 9"),
            ("no-such-program-at-all", "ended with exit code 127"),
        ):
            result = self.upload(accept, command=command)
            self.assertExit(result, 0)
            self.assertSays(result, f"warning: the command of --after", words)

    def test_it_gets_no_secret_and_no_descriptor(self):
        rows = [claim_row(n, claim_status="2", claim_fee="0", claim_desc=DESCRIPTION) for n in (1, 2)]
        self.ws.export(rows)
        arguments = self.ws.upload_arguments(self.gateway(refuse), "--after", KEEP, "--json")
        arguments = [a for a in map(str, arguments)]
        at = arguments.index("--app-secret-file")
        del arguments[at : at + 2]
        reader, writer = os.pipe()
        env = self.ws.environment(CLAIMBATCH_APP_SECRET=APP_SECRET, CLAIMBATCH_SESSION="a-session-81c2",
                                  CLAIMBATCH_ROWS_ACCEPTED="99", CLAIMBATCH_CONFIG="/dev/null")
        done = subprocess.run(
            [self.ws.binary, *arguments], cwd=self.ws.path, env=env, pass_fds=[reader],
            capture_output=True, text=True, check=False, timeout=60,
        )
        os.close(reader)
        os.close(writer)
        self.assertEqual(done.returncode, 1, done.stderr)
        told = self.told()
        self.assertEqual(told["CLAIMBATCH_ROWS_ACCEPTED"], "0")
        self.assertEqual(told["CLAIMBATCH_CONFIG"], "/dev/null")
        for name in ("after.env", "after.json"):
            text = self.ws.read_text(name)
            for secret in (APP_SECRET, "a-session-81c2", DESCRIPTION):
                self.assertNotIn(secret, text)
        with open(self.ws.file("after.fds"), encoding="utf-8") as file:
            fds = [line.split()[8] for line in file if "->" in line]
        self.assertEqual(sorted(fds), ["0", "1", "2", "3"])  # the last is ls's own

    def test_what_it_prints_is_no_data(self):
        result = self.upload(accept, "--json", command="echo words-of-the-hook")
        json.loads(result.out)
        self.assertIn("words-of-the-hook", result.log)

    def test_it_may_start_programs_and_write_anywhere(self):
        place = self.ws.file("elsewhere")
        os.mkdir(place)
        self.assertExit(self.upload(accept, command=f"date >{place}/now && openssl version >>{place}/now"), 0)
        self.assertGreater(os.path.getsize(f"{place}/now"), 10)

    def test_who_leaves_its_input_alone_keeps_nobody_waiting(self):
        began = time.monotonic()
        self.assertExit(self.upload(accept, command="exec true"), 0)
        self.assertLess(time.monotonic() - began, 30)

    def test_a_dry_run_is_no_run(self):
        self.assertExit(self.upload(accept, "--dry-run"), 0)
        self.assertFalse(os.path.exists(self.ws.file("after.env")))

    def test_a_configuration_may_name_it_and_a_rerun_tells_its_own(self):
        self.ws.write("claimbatch.conf", f"[run]\nafter = {KEEP}\n", mode=0o600)
        self.ws.export(claim_rows(2))
        gateway = self.gateway(lambda r: refuse(r) if r.number == 1 else accept(r))
        self.ws.upload(gateway, "--config", "claimbatch.conf", "--in-flight", "1")
        result = self.ws.run(
            "rerun", "claims.report.csv", "--include", "rejected", "--config", "claimbatch.conf", "--ledger",
            "ledger.db", "--gateway", gateway.url, "--app-key", APP_KEY, "--app-secret-file", "secret",
        )
        self.assertExit(result, 0)
        told = self.told()
        self.assertEqual((told["CLAIMBATCH_COMMAND"], told["CLAIMBATCH_ROWS_ACCEPTED"]), ("rerun", "1"))
        self.assertTrue(told["CLAIMBATCH_REPORT"].endswith("claims.report.rerun-1.csv"))

    def test_a_second_signal_ends_it_too(self):
        self.ws.export(claim_rows(1))
        run = self.ws.start_upload(self.gateway(accept), "--after", "echo $$ >shell.pid; echo begun; sleep 50")
        run.wait_for_words("begun")
        for _ in range(2):
            run.send_signal(signal.SIGINT)
            time.sleep(0.1)
        result = run.finish()
        self.assertExit(result, 130)
        self.assertSays(result, "the run was over")
        pid = int(self.ws.read_text("shell.pid"))
        for _ in range(500):
            if not os.path.exists(f"/proc/{pid}"):
                return
            time.sleep(0.01)
        self.fail("the command still runs")


if __name__ == "__main__":
    import unittest

    unittest.main()
