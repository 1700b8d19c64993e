"""The file of --metrics: what it says of each end, and that Prometheus takes it."""

import json
import os
import re
import shutil
import subprocess
import time
import unittest

from harness import TestCase, accept, claim_row, claim_rows, refuse, reset

LINE = re.compile(r'^(\w+)\{([^}]*)\} (-?[0-9.]+)$')


class MetricsTest(TestCase):
    gate = None  # one for all uploads of a test

    def upload(self, script, *options, rows=3, name="claims.prom"):
        self.ws.export(claim_rows(rows) if isinstance(rows, int) else rows)
        if not self.gate:
            self.gate = self.gateway(script)
        return self.ws.upload(self.gate, "--metrics", name, *options)

    def text(self, name="claims.prom"):
        return self.ws.read_text(name)

    def samples(self, name="claims.prom"):
        found = {}
        for line in self.text(name).splitlines():
            if line.startswith("#"):
                continue
            metric, labels, value = LINE.match(line).groups()
            labels = dict(pair.split("=") for pair in labels.split(","))
            self.assertEqual(labels.pop("batch"), f'"{os.path.splitext(name)[0]}"')
            key = metric.removeprefix("claimbatch_")
            if "outcome" in labels:
                key = key, labels["outcome"].strip('"')
            self.assertNotIn(key, found)
            found[key] = float(value)
        return found

    def test_a_good_run(self):
        before = time.time()
        self.assertExit(self.upload(accept, "--daily-quota", "10"), 0)
        found = self.samples()
        self.assertEqual(found["last_run_exit_code"], 0)
        self.assertEqual(found["last_run_timestamp_seconds"], found["last_success_timestamp_seconds"])
        self.assertGreaterEqual(found["last_run_timestamp_seconds"], before - 0.01)
        self.assertLessEqual(found["last_run_timestamp_seconds"], time.time() + 0.01)
        self.assertGreater(found["last_run_duration_seconds"], 0)
        self.assertEqual(found["last_run_rows", "accepted"], 3)
        self.assertEqual(found["last_run_rows", "unknown"], 0)
        self.assertEqual(found["last_run_fee_fen", "accepted"], 306)
        self.assertEqual(found["last_run_changed_rows"], 0)
        self.assertEqual(found["unsettled_rows"], 0)
        self.assertEqual((found["calls_today"], found["quota_left_calls"]), (3, 7))
        self.assertGreaterEqual(found["ledger_size_bytes"], os.path.getsize(self.ws.ledger))
        self.assertEqual(self.ws.mode("claims.prom"), 0o644)
        self.assertFalse(os.path.exists(self.ws.file("claims.prom.partial")))

    def test_unknown_and_changed_rows(self):
        self.assertExit(self.upload(lambda r: reset(r) if r.number == 2 else accept(r), "--in-flight", "1"), 3)
        self.assertEqual(self.samples()["unsettled_rows"], 1)
        rows = [claim_row(1, claim_fee="777"), claim_row(2)]
        self.upload(accept, rows=rows)
        found = self.samples()
        self.assertEqual(found["last_run_exit_code"], 3)
        self.assertEqual(found["last_run_changed_rows"], 1)
        self.assertEqual(found["last_run_rows", "unknown"], 1)

    def test_a_refused_start_keeps_what_it_does_not_know(self):
        self.assertExit(self.upload(accept), 0)
        good = self.samples()
        self.assertExit(self.upload(accept, "--min-rows", "9"), 65)
        bad = self.samples()
        self.assertEqual(bad.pop("last_run_exit_code"), 65)
        for name in ("last_run_timestamp_seconds", "last_run_duration_seconds"):
            self.assertNotEqual(bad.pop(name), good.pop(name))
        good.pop("last_run_exit_code")
        self.assertEqual(bad, good)

    def test_a_first_start_that_is_refused_has_no_success(self):
        self.assertExit(self.upload(accept, "--min-rows", "9"), 65)
        self.assertEqual(
            set(self.samples()),
            {"info", "last_run_timestamp_seconds", "last_run_duration_seconds", "last_run_exit_code"},
        )

    def test_another_file_is_never_replaced(self):
        for name in ("claims.csv", "other.prom", "secret"):
            self.ws.write("other.prom", "node_load1 1\n")
            self.ws.export(claim_rows(3))
            before = self.ws.read(name)
            result = self.upload(accept, name=name)
            self.assertExit(result, 73)
            self.assertSays(result, "no metrics of claimbatch", "nothing was sent")
            self.assertEqual(self.ws.read(name), before)
        self.assertEqual(self.gate.requests, [])

    def test_a_report_that_is_yet_to_be_made_is_not_replaced(self):
        result = self.upload(accept, name="claims.report.csv")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: the metrics were not written")
        self.assertEqual(len(self.ws.read_report()), 3)

    def test_a_missing_folder_changes_nothing_of_the_run(self):
        result = self.upload(accept, name="absent/claims.prom")
        self.assertExit(result, 0)
        self.assertSays(result, "warning: the metrics were not written")

    def test_a_name_may_be_anything(self):
        name = 'odd "\\ name.prom'
        self.assertExit(self.upload(refuse, name=name), 1)
        self.assertIn('{batch="odd \\"\\\\ name"', self.text(name))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_takes_it(self):
        for options in ((), ("--min-rows", "9"), ("--daily-quota", "9")):
            self.upload(lambda r: reset(r) if r.number == 2 else refuse(r), *options, name='a "name".prom')
            done = subprocess.run(
                ["promtool", "check", "metrics"], input=self.text('a "name".prom'), text=True, capture_output=True
            )
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_rules_and_dashboard_name_metrics_that_there_are(self):
        self.upload(accept, "--daily-quota", "9")
        there = set(re.findall(r"^# TYPE (\w+)", self.text(), re.M))
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "monitoring")
        for name in ("claimbatch.rules.yml", "claimbatch.dashboard.json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                named = set(re.findall(r"claimbatch_[a-z_]+", file.read()))
            self.assertGreater(len(named), 5)
            self.assertEqual(named - there, set(), name)
        with open(os.path.join(folder, "claimbatch.dashboard.json"), encoding="utf-8") as file:
            panels = json.load(file)["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))


if __name__ == "__main__":
    unittest.main()
