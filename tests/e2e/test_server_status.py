"""claimbatch status of a ledger on a PostgreSQL server."""

import json
import unittest

import postgres
from harness import TestCase
from test_server_ledger import is_built_in

# Times: 2026-11-27 in Beijing.
RUNS = """
INSERT INTO claimbatch.platform(name) VALUES('https://eco.taobao.com/router/rest');
INSERT INTO claimbatch.worker(host, place, boot, pid, version, beat_at) VALUES
 ('host-a', gen_random_uuid(), 'b', 4711, '1.0', clock_timestamp()),
 ('host-b', gen_random_uuid(), 'b', 4712, '1.0', clock_timestamp()-interval '90 s'),
 ('host-c', gen_random_uuid(), 'b', 4713, '1.0', clock_timestamp());
UPDATE claimbatch.worker SET ended=true WHERE host='host-c';
INSERT INTO claimbatch.run(name, command, platform, export_name, export_sha256, export_bytes, reading, report_path,
 started_ms, finished_ms, stopped_because, complete, open_rows, invalid_rows, published, sequence, worker) VALUES
 ('20261126-first', 'upload', 1, 'a.csv', decode(repeat('01', 32), 'hex'), 9, 'r', '/tmp/a.report.csv', 1795670000000,
  1795670001000, '', 1, 0, 0, 1, 1, NULL),
 ('20261127-second', 'upload', 1, 'b.csv', decode(repeat('02', 32), 'hex'), 9, 'r', '/tmp/b.report.csv', 1795756400000,
  0, '', 0, 0, 0, 0, 2, 1);
INSERT INTO claimbatch.run_count VALUES(1, 0, 1, 1, '100'), (1, 3, 1, 1, '250');
INSERT INTO claimbatch.claim(id, workcard_id, platform, version, claim_order_no, accepted_run, accepted_row, accepted_ms,
 accepted_digest, accepted_fee) VALUES
 (-1, 815, 1, 1, 'A1', 1, 2, 1795670000500, decode(repeat('0a', 16), 'hex'), 100);
INSERT INTO claimbatch.claim(id, workcard_id, platform, version, claim_order_no, open_call, open_worker, open_run, open_row,
 open_ms, open_round, open_attempts, open_tries, open_intent, open_digest, open_warnings) VALUES
 (-2, 815, 1, 1, 'A2', -7, NULL, 1, 3, 1795670000600, 0, 1, 1, false, decode(repeat('0b', 16), 'hex'), ''),
 (-3, 815, 1, 1, 'A3', 268435457, 1, 2, 2, 1795756400600, 0, 1, 1, true, decode(repeat('0c', 16), 'hex'), '');
INSERT INTO claimbatch.row(run, row, claim, submitted_ms, duration_ms, round, state, outcome, counts_as, http_status, attempts,
 tries, digest, code, sub_code, message, request_id, warnings) VALUES
 (1, 2, -1, 1795670000500, 9, 0, 3, 0, 0, 200, 1, 1, decode(repeat('0a', 16), 'hex'), '', '', '', 'q1', ''),
 (1, 3, -2, 1795670000600, 9, 0, 3, 3, 3, 0, 1, 1, decode(repeat('0b', 16), 'hex'), 'TIMEOUT', '', 'no answer', '', '');
INSERT INTO claimbatch.app(platform, app_key, day, calls, generation) VALUES
 (1, '1023456', to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')::integer, 42, 2);
INSERT INTO claimbatch.member VALUES(1, '1023456', 1, 50, 25, 2), (1, '1023456', 2, 100, 25, 2);
"""
LATE = """
INSERT INTO claimbatch.late_answer(call, run, row, claim, outcome, applied, record) VALUES
 (1, 1, 2, -1, 1, false, '{"code": "isv.refused", "message": "too late", "request_id": "q9"}'),
 (2, 1, 3, -2, 0, true, '{"code": "", "message": "", "request_id": "q8"}');
"""


class ServerCase(TestCase):
    """A ledger on a server, with two runs: one ended, one of a worker that is at work."""

    def setUp(self):
        super().setUp()
        if not is_built_in(self.ws):
            self.skipTest("the program was built without PostgreSQL")
        self.url = postgres.shared().create()
        self.assertExit(self.ws.run("status", "--create", "--ledger", self.url), 0)
        self.query(RUNS)

    def query(self, sql):
        return postgres.query(self.url, sql)

    def status(self, *options, url=None, code=0):
        run = self.ws.run("status", "--ledger", url or self.url, *options)
        self.assertExit(run, code)
        return run

    def document(self, *options, **more):
        return json.loads(self.status("--json", *options, **more).out)


class StatusTest(ServerCase):
    def test_it_shows_what_one_of_a_file_shows(self):
        shown = self.status().out
        for words in ("run 20261127-second  active", "run 20261126-first  finished", "export a.csv", "app key 1023456",
                      "    42\n", "unknown attempts that nobody has settled: 1", "A2"):
            self.assertIn(words, shown)
        document = self.document()
        self.assertEqual([run["state"] for run in document["runs"]], ["active", "finished"])
        self.assertEqual(document["unknown_count"], 1)
        self.assertEqual([u["claim_order_no"] for u in document["unknown"]], ["A2"])
        self.assertEqual(document["today"][0]["calls"], 42)
        self.assertEqual(document["ledger"], self.url)
        self.assertEqual([[document["ledger_id"]]], self.query("SELECT value FROM claimbatch.meta WHERE name='id'"))

    def test_a_claim_has_its_history(self):
        shown = self.status("--claim", "A1").out
        self.assertIn("accepted 2026-11-26", shown)
        self.assertIn("run 20261126-first, row 2", shown)
        self.assertEqual(self.document("--claim", "A3")["claims"][0]["open"]["state"], "in-flight")
        self.assertIn("no claim 'X'", self.status("--claim", "X").out)

    def test_who_is_at_work_is_shown(self):
        shown = self.status().out
        self.assertIn("kept by the disk of the server alone", shown)
        self.assertIn("  host-a, process 4711\n", shown)
        self.assertIn("    run 20261127-second\n    1 call under way\n", shown)
        self.assertIn("  host-b, process 4712\n", shown)
        self.assertEqual(shown.count("not heard of any more"), 1)
        self.assertNotIn("host-c", shown)
        self.assertIn("    host-a: 25 of 50\n", shown)
        document = self.document()
        self.assertEqual(document["durability"], "disk")
        self.assertFalse(document["from_standby"])
        first, second = document["workers"]
        self.assertEqual((first["host"], first["process"], first["runs"], first["calls_under_way"]),
                         ("host-a", 4711, ["20261127-second"], 1))
        self.assertGreaterEqual(second["silent_ms"], 90000)
        self.assertEqual([(s["worker"], s["share"], s["rate"]) for s in document["shares"]], [(1, 25, 50), (2, 25, 50)])
        self.assertEqual(document["late_answers"], [])

    def test_where_nobody_is_at_work_that_is_said(self):
        self.query("UPDATE claimbatch.worker SET ended=true; DELETE FROM claimbatch.member")
        shown = self.status().out
        self.assertIn("nobody is at work with it", shown)
        self.assertIn("run 20261127-second  interrupted", shown)

    def test_what_came_late_is_shown_and_a_contradiction_is_an_error(self):
        self.query(LATE)
        run = self.status()
        self.assertEqual(run.out.count("NOT APPLIED"), 1)
        self.assertIn("its row says so since then", run.out)
        self.assertIn("error: 1 answer came late and was not applied", run.log)
        applied, contradiction = self.document()["late_answers"]
        self.assertEqual((applied["applied"], applied["outcome"], applied["claim_order_no"]), (True, "accepted", "A2"))
        self.assertEqual((contradiction["applied"], contradiction["code"], contradiction["request_id"]),
                         (False, "isv.refused", "q9"))

    def test_it_fits_a_narrow_terminal(self):
        self.query(LATE)
        ours = [line for line in self.status().out.splitlines() if self.url not in line]
        self.assertLessEqual(max(map(len, ours)), 60, max(ours, key=len))

    def test_it_speaks_chinese(self):
        self.query(LATE)
        run = self.ws.run("status", "--ledger", self.url, env=self.ws.environment(LANGUAGE="zh_CN"))
        self.assertExit(run, 0)
        for words in ("正在使用它的", "未采用", "秒前"):
            self.assertIn(words, run.out)

    def test_who_may_only_read_can_look(self):
        self.query("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA claimbatch TO reader;"
                   "GRANT SELECT ON ALL TABLES IN SCHEMA claimbatch TO reader")
        self.addCleanup(self.query, "DROP OWNED BY reader; DROP ROLE reader")
        url = postgres.as_user(self.url, "reader")
        self.assertIn("host-a", self.status("--all", url=url).out)
        self.assertIn("accepted", self.status("--claim", "A1", url=url).out)


class PlaceTest(ServerCase):
    def test_a_database_without_a_ledger_is_told(self):
        run = self.status(url=postgres.shared().create(), code=66)
        self.assertIn("there is no ledger in the database", run.log)

    def test_a_database_that_is_not_there_is_told(self):
        run = self.status(url=self.url.replace("/test_", "/none_"), code=78)
        self.assertIn('database "none_', run.log)
        self.assertIn("does not exist", run.log)

    def test_another_schema_is_told(self):
        self.query("UPDATE claimbatch.meta SET value='0' WHERE name='schema'")
        self.assertIn("has schema 0, and this program knows schema 1", self.status(code=78).log)


class StandbyTest(ServerCase):
    def test_a_standby_can_be_looked_at(self):
        with postgres.standby(self.url) as url:
            self.assertIn("read from a standby", self.status(url=url).out)
            document = self.document(url=url)
            self.assertTrue(document["from_standby"])
            self.assertEqual(len(document["runs"]), 2)


if __name__ == "__main__":
    unittest.main()
