"""What a run says while it goes on: lines for people with a time, lines of JSON with fields, priorities
for the journal; the begin and the end of every ban, outage, brake and stop."""

import json
import os
import re
import signal
import subprocess

from harness import (
    APP_SECRET,
    Reply,
    TestCase,
    Turn,
    accept,
    ban_body,
    claim_row,
    claim_rows,
    free_port,
    http,
    refuse,
    reset,
)

TIMED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
ATTEMPT = re.compile(r"row (\d+), attempt (\d+): (\D+) (\S+), (\d+) ms")
DESCRIPTION = "the-text-of-a-claim"


def ban(request):
    return Reply(http(ban_body(1)))


class LogTest(TestCase):
    def events(self, result):
        found = [json.loads(line) for line in result.log.splitlines()]
        for event in found:
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$")
            self.assertIn(event["level"], ("error", "warning", "info", "debug"))
            self.assertTrue(event["event"])
            self.assertTrue(event["message"])
        return found

    def names(self, result):
        return [event["event"] for event in self.events(result)]

    def upload(self, script, *options, rows=3):
        self.ws.export(claim_rows(rows) if isinstance(rows, int) else rows)
        return self.ws.upload(self.gateway(script), *options)

    def test_a_line_of_a_file_begins_with_the_time(self):
        result = self.upload(refuse)
        self.assertExit(result, 1)
        lines = result.log.splitlines()
        self.assertGreater(len(lines), 5)
        for line in lines:
            self.assertRegex(line, TIMED)

    def test_a_refusal_of_what_was_typed_has_a_time_too(self):
        result = self.ws.run("upload", "--nonsense")
        self.assertRegex(result.log, rf"^{TIMED.pattern}claimbatch: error: ")

    def test_the_journal_gets_priorities_instead_of_times(self):
        self.ws.export(claim_rows(2))
        with open(self.ws.file("journal"), "wb") as journal:
            status = os.fstat(journal.fileno())
            env = self.ws.environment(JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}")
            arguments = self.ws.upload_arguments(self.gateway(refuse))
            for more in (("-v",), ("-v", "--log-format", "json")):
                done = subprocess.run(
                    [self.ws.binary, *arguments, *more], cwd=self.ws.path, env=env, stderr=journal
                )
                self.assertEqual(done.returncode, 1)
            subprocess.run([self.ws.binary, "upload", "absent.csv"], cwd=self.ws.path, env=env, stderr=journal)
        with open(self.ws.file("journal"), encoding="utf-8") as journal:
            lines = journal.read().splitlines()
        for line in lines:
            self.assertRegex(line, r"^<[3467]>")
        found = {line[:3] for line in lines}
        self.assertEqual(found, {"<3>", "<4>", "<6>", "<7>"})
        self.assertTrue(any(line.startswith("<3>claimbatch: error: ") for line in lines))
        for line in lines:
            if line[3] == "{":
                json.loads(line[3:])

    def test_another_stream_than_the_journal_gets_times(self):
        result = self.ws.run("upload", env=self.ws.environment(JOURNAL_STREAM="1:1"))
        self.assertRegex(result.log, TIMED)

    def test_every_line_of_json_has_fields(self):
        rows = claim_rows(2) + [claim_row(3, claim_count="2"), claim_row(4, claim_fee="x")]
        result = self.upload(refuse, "--log-format", "json", "-v", rows=rows)
        self.assertExit(result, 1)
        events = {event["event"]: event for event in self.events(result)}
        run = self.ws.read_manifest()["run"]
        self.assertEqual(events["input"]["rows"], 4)
        self.assertEqual(events["input"]["invalid"], 1)
        self.assertEqual(events["input"]["fee_fen"], 101 + 102 + 103)
        self.assertEqual(events["rule-warning"]["code"], "COUNT_NOT_ONE")
        self.assertEqual(events["rule-warning"]["row"], 4)
        self.assertEqual((events["run"]["run"], events["run"]["how"]), (run, "new"))
        attempt = events["attempt"]
        self.assertEqual((attempt["run"], attempt["attempt"], attempt["result"]), (run, 1, "rejected"))
        self.assertIn(attempt["row"], (2, 3, 4))
        end = events["end"]
        self.assertEqual((end["run"], end["exit_code"], end["rows"]), (run, 1, 4))
        self.assertEqual(end["outcomes"]["rejected"], {"rows": 3, "fee_fen": 306})
        self.assertEqual(end["outcomes"]["invalid"]["rows"], 1)
        self.assertTrue(end["next"].startswith(self.ws.binary))

    def test_an_error_is_an_event_with_its_exit_code(self):
        result = self.ws.run("upload", "absent.csv", "--app-key", "1", "--log-format", "json")
        (error,) = self.events(result)
        self.assertEqual((error["event"], error["level"], error["exit_code"]), ("error", "error", result.code))

    def test_a_ban_begins_and_ends_in_both_forms(self):
        for form in ("json", "text"):
            with self.subTest(form):
                script = Turn(ban, accept)
                result = self.upload(script, "--log-format", form, "--overwrite", "-o", f"{form}.csv",
                                     "--ledger", f"{form}.db", rows=1)
                self.assertExit(result, 0)
                if form == "json":
                    begin, end = [e for e in self.events(result) if e["event"].startswith("ban-")]
                    self.assertEqual((begin["event"], end["event"]), ("ban-begin", "ban-end"))
                    self.assertGreaterEqual(begin["wait_s"], 1)
                    self.assertGreaterEqual(end["duration_ms"], 900)
                    self.assertEqual(begin["run"], self.ws.read_manifest("json.csv")["run"])
                else:
                    self.assertRegex(result.err, r"warning: ban: the gateway asks to wait; nothing is sent for \d+ s")
                    self.assertRegex(result.err, r"warning: ban: over after \d+\.\d s")

    def test_an_outage_begins_and_ends_with_the_run(self):
        self.ws.export(claim_rows(2))
        url = f"http://127.0.0.1:{free_port()}/router/rest"
        result = self.ws.upload(url, "--outage-patience", "1.5", "--log-format", "json")
        self.assertExit(result, 69)
        names = [n for n in self.names(result) if n.endswith(("-begin", "-end"))]
        self.assertEqual(names, ["outage-begin", "stop-begin", "outage-end", "stop-end"])

    def test_a_brake_begins_and_ends(self):
        script = Turn(*[reset] * 12, accept)
        result = self.upload(script, "--log-format", "json", "--in-flight", "1", rows=14)
        self.assertExit(result, 3)
        names = [n for n in self.names(result) if n.startswith("brake")]
        self.assertEqual(names, ["brake-begin", "brake-end"])

    def test_a_stop_begins_and_ends(self):
        result = self.upload(refuse, "--max-failures", "1", "--log-format", "json")
        self.assertExit(result, 4)
        begin, end = [e for e in self.events(result) if e["event"].startswith("stop-")]
        for event in (begin, end):
            self.assertEqual((event["because"], event["exit_code"]), ("max-failures", 4))
        said = self.upload(refuse, "--max-failures", "1", "-o", "b.csv", "--ledger", "b.db", *self.anew())
        self.assertSays(said, "warning: stopping: ", "(--max-failures)", "warning: stopped: nothing is in flight")

    def anew(self):
        return ("--new-ledger", "--by", "tests", "--reason", "anew")

    def test_a_stop_before_the_first_send_is_told_in_the_same_way(self):
        rows = claim_rows(1) + [claim_row(2, claim_fee="x")]
        result = self.upload(accept, "--require-valid", "--log-format", "json", rows=rows)
        self.assertExit(result, 4)
        names = [n for n in self.names(result) if n.startswith("stop-")]
        self.assertEqual(names, ["stop-begin", "stop-end"])

    def test_a_signal_is_a_stop(self):
        self.ws.export(claim_rows(3))
        gateway = self.gateway(lambda request: gateway.released.wait(5) and accept(request) or accept(request))
        run = self.ws.start_upload(gateway, "--log-format", "json")
        gateway.wait_for_requests(1)
        run.send_signal(signal.SIGTERM)
        run.wait_for_words("stop-begin")
        gateway.released.set()
        result = run.finish()
        self.assertExit(result, 143)
        begin, end = [e for e in self.events(result) if e["event"].startswith("stop-")]
        self.assertEqual((begin["because"], end["because"]), ("signal", "signal"))
        self.assertGreaterEqual(begin["in_flight"], 1)

    def test_verbose_tells_row_number_code_and_time_of_each_attempt(self):
        script = Turn(ban, accept, refuse, accept)
        gateway = self.gateway(script)
        self.ws.export(claim_rows(3))
        result = self.ws.upload(gateway, "-v", "--in-flight", "1")
        self.assertExit(result, 1)
        told = ATTEMPT.findall(result.log)
        self.assertEqual(
            sorted((words, code) for _, _, words, code, _ in told),
            [("accepted", "SUCCESS"), ("accepted", "SUCCESS"), ("not executed", "7"), ("rejected", "NO")],
        )
        self.assertEqual(len(told), len(gateway.requests))
        self.assertEqual(
            {row: self.attempts_of(told, row) for row in ("2", "3", "4")},
            {str(line["row"]): int(line["attempts"]) for line in self.ws.read_report()},
        )
        self.assertEqual(ATTEMPT.findall(self.upload(accept, "-o", "quiet.csv", "--ledger", "quiet.db").log), [])

    def attempts_of(self, told, row):
        return max(int(number) for of, number, *_ in told if of == row)

    def test_no_line_has_a_secret_or_the_text_of_a_claim(self):
        rows = [claim_row(n, claim_status="2", claim_fee="0", claim_desc=DESCRIPTION) for n in range(1, 30)]
        script = Turn(ban, reset, refuse, accept)
        for form in ("text", "json"):
            result = self.upload(script, "-v", "--log-format", form, "-o", f"{form}.csv",
                                 "--ledger", f"{form}.db", *self.anew(), rows=rows)
            self.assertNotIn(DESCRIPTION, result.log)
            self.assertNotIn(APP_SECRET, result.log)
            self.assertIn("row 2", result.log)


if __name__ == "__main__":
    import unittest

    unittest.main()
