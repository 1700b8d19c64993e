"""claimbatch status: what the ledger holds, one claim's history, and its maintenance."""

import json
import os
import signal
import sqlite3
import subprocess

from harness import (
    APP_KEY,
    NEW_LEDGER,
    Reply,
    TestCase,
    Turn,
    accept,
    ban_body,
    claim_row,
    claim_rows,
    export_text,
    file_digest,
    http,
    only_long,
    refuse,
    unique,
)

FIRST_SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE platform(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
 command TEXT NOT NULL, platform INTEGER NOT NULL, export_name TEXT NOT NULL,
 export_sha256 BLOB NOT NULL, export_bytes INTEGER NOT NULL, reading TEXT NOT NULL,
 report_path TEXT NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,
 stopped_because TEXT NOT NULL, complete INTEGER NOT NULL, open_rows INTEGER NOT NULL,
 invalid_rows INTEGER NOT NULL, published INTEGER NOT NULL);
CREATE TABLE run_count(run INTEGER NOT NULL, outcome INTEGER NOT NULL, rows INTEGER NOT NULL,
 counts_as INTEGER NOT NULL, fee_fen TEXT NOT NULL, PRIMARY KEY(run, outcome)) WITHOUT ROWID;
CREATE INDEX run_of_export ON run(export_sha256, platform);
CREATE TABLE row(run INTEGER NOT NULL, row INTEGER NOT NULL, state INTEGER NOT NULL,
 outcome INTEGER NOT NULL, counts_as INTEGER NOT NULL, attempts INTEGER NOT NULL,
 tries INTEGER NOT NULL, http_status INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,
 duration_ms INTEGER NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL,
 sub_code TEXT NOT NULL, message TEXT NOT NULL, request_id TEXT NOT NULL,
 warnings TEXT NOT NULL, round INTEGER NOT NULL, linked INTEGER NOT NULL,
 prev_run INTEGER NOT NULL, prev_row INTEGER NOT NULL, PRIMARY KEY(run, row)) WITHOUT ROWID;
CREATE TABLE claim(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,
 platform INTEGER NOT NULL, accepted_digest BLOB, accepted_run INTEGER,
 accepted_row INTEGER, accepted_ms INTEGER, last_run INTEGER NOT NULL,
 last_row INTEGER NOT NULL, PRIMARY KEY(claim_order_no, workcard_id, platform)) WITHOUT ROWID;
CREATE TABLE open_attempt(claim_order_no TEXT NOT NULL, workcard_id INTEGER NOT NULL,
 platform INTEGER NOT NULL, run INTEGER NOT NULL, row INTEGER NOT NULL,
 intent INTEGER NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL,
 submitted_ms INTEGER NOT NULL, digest BLOB NOT NULL, warnings TEXT NOT NULL,
 PRIMARY KEY(claim_order_no, workcard_id, platform)) WITHOUT ROWID;
CREATE TABLE round(id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,
 kind INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, opened_ms INTEGER NOT NULL,
 finished_ms INTEGER NOT NULL, UNIQUE(run, kind, by, reason));
CREATE TABLE calls(platform INTEGER NOT NULL, app_key TEXT NOT NULL, day INTEGER NOT NULL,
 calls INTEGER NOT NULL, PRIMARY KEY(platform, app_key, day)) WITHOUT ROWID;
CREATE TABLE departure(platform INTEGER NOT NULL, app_key TEXT NOT NULL,
 stretch_ms INTEGER NOT NULL, run INTEGER NOT NULL, calls INTEGER NOT NULL,
 PRIMARY KEY(platform, app_key, stretch_ms, run)) WITHOUT ROWID;
CREATE TABLE pending(platform INTEGER NOT NULL, app_key TEXT NOT NULL, run INTEGER NOT NULL,
 calls INTEGER NOT NULL, updated_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key, run))
 WITHOUT ROWID;
CREATE TABLE ban(platform INTEGER NOT NULL, app_key TEXT NOT NULL,
 until_ms INTEGER NOT NULL, PRIMARY KEY(platform, app_key)) WITHOUT ROWID;
""".replace("\n ", " ")  # to the letter
APPLICATION_ID = 1129071692


def close(request):
    """Executes nothing and answers nothing."""
    return Reply(then="close")


class StatusCase(TestCase):
    def status(self, *options, ledger="ledger.db", **how):
        return self.ws.run("status", "--ledger", ledger, *options, **how)

    def read(self, *options, **how):
        result = self.status("--json", *options, **how)
        self.assertExit(result, 0)
        return json.loads(result.out, object_pairs_hook=unique)

    def verifies(self, ledger="ledger.db"):
        result = self.status("--verify", ledger=ledger)
        self.assertExit(result, 0)
        self.assertIn("the ledger is in order", result.out)

    def sql(self, statement, ledger="ledger.db"):
        with sqlite3.connect(self.ws.file(ledger)) as database:
            result = database.execute(statement).fetchall()
        database.close()
        return result

    def upload_mixed(self):
        """Five rows: three accepted, one rejected, one unknown."""
        self.ws.export(claim_rows(5))
        scripts = {"CL00000002": refuse, "CL00000003": close}
        gateway = self.gateway(lambda r: scripts.get(r.key[1], accept)(r))
        self.assertExit(self.ws.upload(gateway), 3)
        return gateway

    def held(self, rows, *options):
        """An upload whose first calls are held until the gateway is released."""
        self.ws.export(claim_rows(rows))
        gateway = self.gateway()
        gateway.script = lambda r: gateway.released.wait(60) and accept(r)
        run = self.ws.start_upload(gateway, "--in-flight", "2", *options)
        gateway.wait_for_requests(2)
        return gateway, run


class OverviewTest(StatusCase):
    def test_it_shows_runs_calls_and_unknown_rows_and_what_to_type_next(self):
        self.upload_mixed()
        run = self.ws.read_manifest()["run"]
        result = self.status()
        self.assertExit(result, 0)
        self.assertRegex(result.out, rf"run {run}  finished  upload\n  started \d{{4}}-")
        self.assertRegex(result.out, r"accepted +3 +3\.10 yuan")
        self.assertRegex(result.out, r"rejected +1 +1\.02 yuan")
        self.assertRegex(result.out, rf"app key {APP_KEY}\n    5\n")
        self.assertIn("unknown attempts that nobody has settled: 1\n", result.out)
        self.assertIn("claim CL00000003, workcard 700000000003\n", result.out)
        for line in result.out.splitlines():
            self.assertLessEqual(len(line.replace(self.ws.path, "")), 60, line)
        (line,) = result.err.splitlines()
        words = line.split()
        report = os.path.realpath(self.ws.report)
        self.assertEqual(words[:4], ["next:", "claimbatch", "resolve", report])
        listed = self.ws.run(*words[2:])
        self.assertExit(listed, 3)
        self.assertIn("CL00000003", listed.out)

    def test_json_has_the_same_and_more(self):
        gateway = self.upload_mixed()
        manifest = self.ws.read_manifest()
        found = self.read()
        self.assertEqual(found["ledger_id"], manifest["ledger_id"])
        (run,) = found["runs"]
        self.assertEqual((run["run"], run["state"]), (manifest["run"], "finished"))
        self.assertEqual(run["outcomes"]["accepted"], {"rows": 3, "fee_fen": 310})
        self.assertEqual(run["report"], os.path.realpath(self.ws.report))
        self.assertEqual(found["more_runs"], False)
        (app,) = found["today"]
        self.assertEqual((app["app_key"], app["calls"]), (APP_KEY, len(gateway.requests)))
        self.assertIsNone(app["daily_quota"])
        self.assertEqual(found["unknown_count"], 1)
        (unknown,) = found["unknown"]
        line = self.ws.read_report()[2]
        self.assertEqual(unknown["row"], int(line["row"]))
        for name in ("claim_order_no", "digest", "submitted_at", "code"):
            self.assertEqual(unknown[name], line[name])

    def test_calls_are_shown_against_the_quota(self):
        self.upload_mixed()
        self.assertIn("5 of 7, 2 left", self.status("--daily-quota", "7").out)
        self.ws.write("conf", "[run]\ndaily-quota = 3\n")
        self.assertIn("5 of 3, 0 left", self.status("--config", "conf").out)
        self.assertEqual(self.read("--config", "conf")["today"][0]["daily_quota"], 3)

    def test_a_ban_is_shown_as_long_as_it_holds(self):
        self.ws.export(claim_rows(1))
        gateway = self.gateway(lambda r: Reply(http(ban_body(1200))))
        self.assertExit(self.ws.upload(gateway), 75)
        found = self.read()
        self.assertEqual(found["runs"][0]["state"], "stopped")
        self.assertEqual(found["runs"][0]["stopped_because"], "ban")
        self.assertRegex(found["today"][0]["banned_until"], r"^\d{4}-.*\+08:00$")
        said = self.status().out
        self.assertIn("banned until", said)
        self.assertIn("1 row would be sent by the same command again, with the same export (SHA-256 "
                      f"{file_digest(self.ws.claims)[:12]}…)", said)
        self.sql("UPDATE ban SET until_ms=1")
        self.assertIsNone(self.read()["today"][0]["banned_until"])

    def test_only_the_newest_runs_are_shown_unless_all_are_asked_for(self):
        gateway = self.gateway()
        for i in range(22):
            self.ws.export([claim_row(i + 1)])
            self.assertExit(self.ws.upload(gateway, "--overwrite"), 0)
        found = self.read()
        self.assertEqual((len(found["runs"]), found["more_runs"]), (20, True))
        self.assertIn("older runs: --all", self.status().out)
        found = self.read("--all")
        self.assertEqual((len(found["runs"]), found["more_runs"]), (22, False))
        started = [run["started"] for run in found["runs"]]
        self.assertEqual(started, sorted(started, reverse=True))

    def test_the_oldest_unknown_rows_are_shown_unless_all_are_asked_for(self):
        self.ws.export(claim_rows(15))
        self.assertExit(self.ws.upload(self.gateway(close), "--in-flight", "15"), 3)
        text = self.status().out
        self.assertIn("settled: 15 (the oldest 10; all with --all)", text)
        self.assertEqual(text.count("workcard 7000"), 10)
        self.assertEqual(self.status("--all").out.count("workcard 7000"), 15)
        self.assertEqual(len(self.read()["unknown"]), 15)

    def test_text_from_outside_does_not_reach_the_terminal(self):
        name, reason = "a\x1b[2Jb.csv", "why\u202e"
        self.ws.export([claim_row(1, claim_order_no="理赔1")], name=name)
        gateway = self.gateway(close)
        self.assertExit(self.ws.upload(gateway, claims=name), 3)
        words = ("--resend-unknown", "--by", "claims-desk", "--reason", reason)
        self.assertExit(self.ws.upload(gateway, *words, claims=name), 3)
        overview, history = self.status(), self.status("--claim", "理赔1")
        for result in (overview, history):
            self.assertExit(result, 0)
            self.assertIn("理赔1", result.out)
            self.assertNotRegex(result.out + result.err, "[\x1b\u202e]")
        self.assertIn("/a\\x1B[2Jb.csv\n", overview.out)
        self.assertIn("why\\u{202E}", history.out)
        self.assertEqual(self.read()["unknown"][0]["claim_order_no"], "理赔1")
        self.assertEqual(self.read()["runs"][0]["export"], os.path.realpath(self.ws.file(name)))
        (claim,) = self.read("--claim", "理赔1")["claims"]
        self.assertEqual(claim["rows"][0]["round"]["reason"], reason)


class ActiveTest(StatusCase):
    def test_an_active_run_is_shown_and_not_disturbed(self):
        gateway, run = self.held(6)
        found = self.read()
        self.assertEqual(found["runs"][0]["state"], "active")
        self.assertIsNone(found["runs"][0]["outcomes"]["accepted"]["fee_fen"])
        self.assertEqual(found["unknown_count"], 0)
        self.assertEqual(found["unknown"], [])
        result = self.status()
        self.assertIn("  active  ", result.out)
        self.assertIn("no unknown attempt is left to be settled", result.out)
        self.assertIn("is being sent at this moment", self.status("--claim", "CL00000001").out)
        self.verifies()
        self.assertTrue(run.is_alive())
        gateway.released.set()
        self.assertExit(run.finish(), 0)
        self.assertEqual(self.read()["runs"][0]["outcomes"]["accepted"]["rows"], 6)

    def test_a_killed_run_is_interrupted_and_its_rows_in_flight_are_unknown(self):
        gateway, run = self.held(6)
        run.send_signal(signal.SIGKILL)
        run.finish()
        found = self.read()
        self.assertEqual(found["runs"][0]["state"], "interrupted")
        self.assertGreaterEqual(found["unknown_count"], 2)
        self.assertEqual(len(found["unknown"]), found["unknown_count"])
        self.assertEqual({u["code"] for u in found["unknown"]}, {"RUN_ENDED"})
        result = self.status()
        self.assertSays(result, f"next: claimbatch upload {os.path.realpath(self.ws.claims)}, with the options of then")
        self.assertNotIn("claimbatch resolve", result.err)
        gateway.released.set()
        self.assertExit(self.ws.upload(gateway, "--in-flight", "2"), 3)
        self.assertSays(self.status(), f"next: claimbatch resolve {os.path.realpath(self.ws.report)}")

    def test_a_backup_while_a_run_is_active_is_of_one_moment(self):
        gateway, run = self.held(6)
        result = self.status("--backup", "backup.db")
        self.assertExit(result, 0)
        self.assertTrue(run.is_alive())
        self.assertEqual(self.ws.mode("backup.db"), 0o600)
        self.verifies("backup.db")
        found = self.read(ledger="backup.db")
        self.assertEqual(found["runs"][0]["state"], "interrupted")
        self.assertGreaterEqual(found["unknown_count"], 2)
        gateway.released.set()
        self.assertExit(run.finish(), 0)
        self.assertEqual(self.read(ledger="backup.db")["unknown_count"], found["unknown_count"])
        self.assertEqual(self.read(ledger="backup.db")["ledger_id"], self.read()["ledger_id"])

    def test_backups_of_a_ledger_that_is_written_all_the_time_all_verify(self):
        self.ws.export(claim_rows(1500))
        sandbox = self.sandbox("--latency", "1")
        run = self.ws.start_upload(sandbox, "--in-flight", "8")
        self.assertTrue(sandbox.has_lines(20, 60))
        count = 0
        while count == 0 or run.is_alive() and count < 10:
            count += 1
            self.assertExit(self.status("--backup", f"backup{count}.db"), 0)
        self.assertExit(run.finish(), 0)
        for i in range(1, count + 1):
            self.verifies(f"backup{i}.db")
            # Each row that has an outcome was an intent, and is none any more.
            both = self.sql(
                "SELECT count(*) FROM open_attempt o JOIN row r ON r.run=o.run AND r.row=o.row",
                f"backup{i}.db",
            )
            self.assertEqual(both, [(0,)])

    def test_a_backup_can_be_restored_and_gone_on_with(self):
        self.upload_mixed()
        self.assertExit(self.status("--backup", "backup.db"), 0)
        for name in ("ledger.db", "ledger.db.lock"):
            os.unlink(self.ws.file(name))
        os.rename(self.ws.file("backup.db"), self.ws.ledger)
        gateway = self.gateway()
        platform = self.sql("SELECT name FROM platform")
        self.assertEqual(len(platform), 1)
        self.sql(f"UPDATE platform SET name='{gateway.url}'")
        result = self.ws.upload(gateway, "--overwrite")
        self.assertExit(result, 3)
        self.assertEqual(gateway.requests, [])


class ClaimTest(StatusCase):
    def test_the_history_of_a_claim_over_runs_rounds_and_settlements(self):
        self.ws.export([claim_row(1), claim_row(2)])
        gateway = self.gateway(Turn(close, accept))
        self.assertExit(self.ws.upload(gateway, "--in-flight", "1"), 3)
        round_words = ("--resend-unknown", "--by", "claims-desk", "--reason", "they have nothing")
        self.assertExit(self.ws.upload(gateway, *round_words), 0)
        self.ws.export([claim_row(1, claim_fee="999")])
        self.assertExit(self.ws.upload(gateway, "--overwrite"), 0)

        (claim,) = self.read("--claim", "CL00000001")["claims"]
        self.assertEqual(claim["workcard_id"], 700000000001)
        self.assertIsNone(claim["open"])
        self.assertEqual([row["outcome"] for row in claim["rows"]], ["accepted", "accepted"])
        first, second = claim["rows"]
        self.assertEqual(first["round"]["kind"], "resend-unknown")
        self.assertEqual(first["round"]["by"], "claims-desk")
        self.assertEqual(first["round"]["reason"], "they have nothing")
        self.assertEqual(first["attempts"], 2)
        self.assertEqual(second["warnings"], "CHANGED_SINCE_ACCEPTED")
        self.assertIsNone(second["round"])
        self.assertEqual(claim["accepted"]["run"], second["run"])
        self.assertEqual(claim["accepted"]["digest"], second["digest"])
        self.assertEqual(second["digest"], self.ws.read_report()[0]["digest"])

        text = self.status("--claim", "CL00000001").out
        self.assertIn("sent again (--resend-unknown) by claims-desk: they have nothing", text)
        self.assertLess(text.index(first["run"]), text.rindex(second["run"]))

    def test_a_settlement_is_told_and_its_claim_is_no_more_unknown(self):
        gateway = self.upload_mixed()
        result = self.ws.run(
            "resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", gateway.url,
            "--row", "4", "--as", "accepted", "--by", "claims-desk", "--reason", "ticket 4711",
        )  # fmt: skip
        self.assertExit(result, 0)
        (claim,) = self.read("--claim", "CL00000003")["claims"]
        (row,) = claim["rows"]
        self.assertEqual((row["outcome"], row["code"]), ("accepted", "RESOLVED_ACCEPTED"))
        (settlement,) = row["settlements"]
        self.assertEqual(settlement["as"], "accepted")
        self.assertEqual(settlement["by"], "claims-desk")
        self.assertEqual(settlement["reason"], "ticket 4711")
        self.assertTrue(settlement["was"].startswith("CONNECTION_CLOSED: "))
        self.assertEqual(claim["accepted"]["row"], 4)
        self.assertIsNone(claim["open"])
        self.assertRegex(
            self.status("--claim", "CL00000003").out,
            "settled .* as accepted by claims-desk: ticket 4711\n      it was unknown: CONNECTION_",
        )
        self.assertEqual(self.read()["unknown_count"], 0)
        self.assertNotIn("resolve", self.status().err)
        self.verifies()

    def test_one_number_may_be_of_several_workcards(self):
        self.ws.export([claim_row(1), claim_row(2, claim_order_no="CL00000001")])
        self.assertExit(self.ws.upload(self.gateway()), 0)
        claims = self.read("--claim", "CL00000001")["claims"]
        self.assertEqual([c["workcard_id"] for c in claims], [700000000001, 700000000002])
        self.assertEqual([len(c["rows"]) for c in claims], [1, 1])

    def test_a_claim_that_is_not_known(self):
        self.upload_mixed()
        result = self.status("--claim", "CL99")
        self.assertExit(result, 0)
        self.assertIn("no claim 'CL99' was ever sent with this ledger", result.out)
        self.assertEqual(self.read("--claim", "CL99")["claims"], [])

    def test_a_claim_that_is_known_in_another_spelling(self):
        self.upload_mixed()
        for spelling in ("cl00000002", " CL00000003 "):
            result = self.status("--claim", spelling)
            self.assertExit(result, 0)
            number = spelling.strip().upper()
            self.assertIn(f"but '{number}' was, another spelling of it", result.out)


class OpeningTest(StatusCase):
    def test_no_ledger_is_made_where_none_is(self):
        before = os.listdir(self.ws.path)
        for options in ((), ("--verify",), ("--backup", "b.db"), ("--prune", "1"), ("--claim", "x")):
            result = self.status(*options)
            self.assertExit(result, 66)
            self.assertSays(result, "there is no ledger at 'ledger.db'")
        result = self.ws.run("status")
        self.assertExit(result, 66)
        self.assertSays(result, ".local/state/claimbatch/ledger.db")
        self.assertEqual(os.listdir(self.ws.path), before)

    def test_what_is_no_ledger_is_refused_and_left_as_it_is(self):
        self.ws.write("text", "row,workcard_id\n" * 100)
        self.ws.write("empty", "")
        os.mkdir(self.ws.file("folder"))
        with sqlite3.connect(self.ws.file("other")) as database:
            database.execute("CREATE TABLE t(x)")
        database.close()
        for name, code in (("text", 78), ("empty", 66), ("folder", 66), ("other", 78)):
            with self.subTest(name):
                before = name != "folder" and file_digest(self.ws.file(name))
                self.assertExit(self.status(ledger=name), code)
                self.assertEqual(before, name != "folder" and file_digest(self.ws.file(name)))

    def test_a_ledger_in_the_moment_it_is_made_is_said_to_be_empty(self):
        self.ws.write("ledger.db", "", mode=0o600)
        for options in ((), ("--verify",), ("--backup", "b.db")):
            result = self.status(*options)
            self.assertExit(result, 66)
            self.assertSays(result, "the ledger 'ledger.db' is empty", "the next upload tells which")
        self.ws.export(claim_rows(1))
        self.assertExit(self.ws.upload(self.gateway()), 0)
        self.assertExit(self.status(), 0)

    def test_looking_leaves_no_trace(self):
        self.upload_mixed()
        before = (sorted(os.listdir(self.ws.path)), file_digest(self.ws.ledger))
        for options in ((), ("--claim", "CL00000001"), ("--verify",), ("--prune", "0", "--dry-run")):
            self.assertExit(self.status(*options), 0)
        after = sorted(n for n in os.listdir(self.ws.path) if not n.endswith(("-wal", "-shm")))
        self.assertEqual((after, file_digest(self.ws.ledger)), before)

    def test_a_read_only_file_can_be_looked_at(self):
        self.upload_mixed()
        os.chmod(self.ws.ledger, 0o400)
        self.assertEqual(self.read()["unknown_count"], 1)
        self.verifies()

    def test_a_newer_version_is_refused(self):
        self.upload_mixed()
        self.sql("PRAGMA user_version=99")
        for options in ((), ("--verify",), ("--backup", "b.db"), ("--prune", "0")):
            result = self.status(*options)
            self.assertExit(result, 78)
            self.assertSays(result, "newer version")

    def test_a_writer_in_the_middle_of_a_transaction_does_not_disturb(self):
        self.upload_mixed()
        with sqlite3.connect(self.ws.ledger, isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            database.execute("DELETE FROM run")
            self.assertEqual(len(self.read()["runs"]), 1)
            database.execute("ROLLBACK")
        database.close()

    @only_long
    def test_a_ledger_that_somebody_holds_for_himself_is_given_up_after_a_while(self):
        self.upload_mixed()
        with sqlite3.connect(self.ws.ledger, isolation_level=None) as database:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            database.execute("UPDATE run SET complete=complete")
            result = self.status()
            self.assertExit(result, 75)
            self.assertSays(result, "another process holds it")
        database.close()

    def test_options_that_do_not_go_together_are_refused(self):
        self.upload_mixed()
        for options in (
            ("--verify", "--backup", "b.db"),
            ("--claim", "x", "--prune", "1"),
            ("--dry-run",),
            ("--dry-run", "--verify"),
            ("--prune", "-1"),
            ("--prune", "x"),
            ("--resubmit",),
            ("more",),
        ):
            with self.subTest(options):
                self.assertExit(self.status(*options), 2)


class EarlierVersionTest(StatusCase):
    """A ledger of version 1 is upgraded by the next upload; until then it can be verified and
    backed up, but is not looked at."""

    def make_first_version(self, gateway):
        database = sqlite3.connect(self.ws.ledger, isolation_level=None)
        database.executescript(FIRST_SCHEMA)
        digest = bytes.fromhex(self.digest)
        database.execute("INSERT INTO meta VALUES('id',?)", ("0123456789abcdef" * 2,))
        database.execute("INSERT INTO platform VALUES(1,?)", (gateway.url,))
        database.execute(
            "INSERT INTO run VALUES(1,'20251231-aaaaaaaa','upload',1,'old.csv',?,10,'utf-8','old',"
            "1767139200000,1767139201000,'',1,0,0,1)",
            (bytes(range(32)),),
        )
        database.execute("INSERT INTO run_count VALUES(1,0,1,1,'101')")
        database.execute(
            "INSERT INTO row VALUES(1,2,3,0,0,1,0,200,1767139200500,20,?,'SUCCESS','','ok','r1','',"
            "0,1,0,0)",
            (digest,),
        )
        database.execute(
            "INSERT INTO claim VALUES('CL00000001',700000000001,1,?,1,2,1767139200520,1,2)",
            (digest,),
        )
        database.execute(f"PRAGMA application_id={APPLICATION_ID}")
        database.execute("PRAGMA user_version=1")
        database.execute("PRAGMA journal_mode=WAL")
        database.close()

    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(1))
        probe = self.gateway()
        self.assertExit(self.ws.upload(probe, ledger="probe.db"), 0)
        self.digest = self.ws.read_report()[0]["digest"]

    def test_it_is_left_as_it_is_until_an_upload_upgrades_it(self):
        gateway = self.gateway()
        self.make_first_version(gateway)
        for options in ((), ("--claim", "CL00000001"), ("--prune", "0", "--dry-run")):
            result = self.status(*options)
            self.assertExit(result, 78)
            self.assertSays(result, "earlier version (1", "the next upload brings it to this one")
        self.assertExit(self.status("--verify"), 0)
        self.assertExit(self.status("--backup", "before.db"), 0)
        self.assertEqual(self.sql("PRAGMA user_version"), [(1,)])

        self.assertExit(self.ws.upload(gateway, "--overwrite", *NEW_LEDGER), 0)
        self.assertEqual(gateway.requests, [])
        self.assertEqual(self.ws.read_report()[0]["code"], "ALREADY_ACCEPTED")
        self.assertIn("20251231-aaaaaaaa, row 2", self.ws.read_report()[0]["message"])
        found = self.read()
        self.assertEqual([run["state"] for run in found["runs"]], ["finished", "finished"])
        self.assertEqual(found["runs"][1]["outcomes"]["accepted"], {"rows": 1, "fee_fen": 101})
        (claim,) = self.read("--claim", "CL00000001")["claims"]
        self.assertEqual(claim["rows"][0]["run"], "20251231-aaaaaaaa")
        self.verifies()
        self.assertEqual(self.sql("PRAGMA user_version", "before.db"), [(1,)])


    def test_what_is_typed_in_the_moment_of_the_upgrade(self):
        """What only looks takes the ledger as it is before, or as it is after."""
        gateway = self.gateway()
        for number in range(12):
            for name in os.listdir(self.ws.path):
                if name.startswith("ledger.db") or ".report." in name:
                    os.remove(self.ws.file(name))
            self.make_first_version(gateway)
            looks = [("status",), ("resolve",), ("status", "--backup", f"{number}.db")]
            looks += [("status", "--verify")] * 4
            commands = [(*look, "-L", "ledger.db") for look in looks]
            for name, end in (("one.csv", ""), ("two.csv", "\n")):
                self.ws.write(name, export_text(claim_rows(1)) + end)
                commands.append(self.ws.upload_arguments(gateway, claims=name))
            for command, result in zip(commands, self.ws.run_together(commands)):
                if result.code == 78:
                    self.assertSays(result, "the next upload brings it to this one")
                else:
                    self.assertExit(result, 0)
            self.verifies()
        self.assertEqual(gateway.requests, [])


class VerifyTest(StatusCase):
    def damage(self, table):
        """Writes over the beginning of a page of the table."""
        (page,) = self.sql(f"SELECT rootpage FROM sqlite_master WHERE name='{table}'")[0]
        with open(self.ws.ledger, "r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 16)

    def test_a_flipped_page_is_found(self):
        self.upload_mixed()
        for table in ("row", "claim", "open_attempt", "run"):
            with self.subTest(table):
                whole = self.ws.read(self.ws.ledger)
                self.damage(table)
                result = self.status("--verify")
                self.assertExit(result, 1)
                self.assertIn("damaged: ", result.out)
                self.assertSays(result, "send nothing with this ledger", "newest backup")
                found = self.status("--verify", "--json")
                self.assertExit(found, 1)
                self.assertGreater(json.loads(found.out)["damage_count"], 0)
                self.assertExit(self.status("--backup", "b.db"), 74)
                self.assertFalse(os.path.exists(self.ws.file("b.db")))
                self.assertFalse(os.path.exists(self.ws.file("b.db.partial")))
                self.ws.write("ledger.db", whole, 0o600)
        self.verifies()

    def test_a_contradiction_is_named(self):
        self.upload_mixed()
        self.sql("DELETE FROM row WHERE row=2")
        result = self.status("--verify")
        self.assertExit(result, 1)
        self.assertIn("the newest row of claim CL00000001", result.out)

    def test_a_ledger_that_cannot_be_opened_any_more(self):
        self.upload_mixed()
        self.damage("meta")
        result = self.status("--verify")
        self.assertExit(result, 1)
        self.assertSays(result, "damaged", "newest backup")
        result = self.status()
        self.assertExit(result, 74)
        self.assertSays(result, "damaged", "restore the newest backup")

    def test_a_corrupt_header(self):
        self.upload_mixed()
        with open(self.ws.ledger, "r+b") as file:
            file.write(b"\0" * 100)
        for options in ((), ("--verify",)):
            result = self.status(*options)
            self.assertExit(result, 78)
            self.assertSays(result, "it is not a ledger", "restore the newest backup")

    def test_a_truncated_file(self):
        self.upload_mixed()
        os.truncate(self.ws.ledger, os.path.getsize(self.ws.ledger) // 2 // 4096 * 4096)
        self.assertExit(self.status("--verify"), 1)


class BackupTest(StatusCase):
    def test_it_is_private_verified_and_replaces_nothing(self):
        self.upload_mixed()
        before = sorted(os.listdir(self.ws.path))
        result = self.status("--backup", "b.db")
        self.assertExit(result, 0)
        self.assertSays(result, "What is sent from now on is not in it")
        self.assertEqual(self.ws.mode("b.db"), 0o600)
        self.verifies("b.db")
        digest = file_digest(self.ws.file("b.db"))
        self.upload_more()
        result = self.status("--backup", "b.db")
        self.assertExit(result, 73)
        self.assertSays(result, "'b.db' is there already")
        self.assertEqual(file_digest(self.ws.file("b.db")), digest)
        self.assertExit(self.status("--backup", "no/such/folder.db"), 73)
        found = self.status("--backup", "c.db", "--json")
        self.assertExit(found, 0)
        self.assertEqual(json.loads(found.out)["backup"]["path"], "c.db")
        self.assertLessEqual(set(os.listdir(self.ws.path)) - set(before), {
            "b.db", "c.db", "b.db-shm", "b.db-wal", "ledger.db-shm", "ledger.db-wal",
            "more.csv", "more.report.csv", "more.report.csv.manifest.json",
        })  # fmt: skip

    def upload_more(self):
        self.ws.export(claim_rows(2, first=50), name="more.csv")
        self.assertExit(self.ws.upload(self.gateway(), claims="more.csv"), 0)

    def test_a_link_is_not_followed(self):
        self.upload_mixed()
        os.symlink(self.ws.file("elsewhere"), self.ws.file("b.db"))
        self.assertExit(self.status("--backup", "b.db"), 73)
        self.assertFalse(os.path.exists(self.ws.file("elsewhere")))

    def test_a_backup_that_was_cut_off_is_taken_over(self):
        self.upload_mixed()
        self.ws.write("b.db.partial", b"half" * 5000, 0o600)
        self.assertExit(self.status("--backup", "b.db"), 0)
        self.verifies("b.db")
        self.assertFalse(os.path.exists(self.ws.file("b.db.partial")))


class PruneTest(StatusCase):
    def test_what_was_accepted_is_known_for_ever(self):
        self.ws.export(claim_rows(4))
        gateway = self.gateway(lambda r: refuse(r) if r.key[1] == "CL00000002" else accept(r))
        self.assertExit(self.ws.upload(gateway), 1)
        run = self.ws.read_manifest()["run"]

        result = self.status("--prune", "0", "--dry-run")
        self.assertExit(result, 0)
        self.assertIn("would be forgotten: 4 rows of 1 run that", result.out)
        self.assertEqual(self.read()["runs"][0]["state"], "finished")
        result = self.status("--prune", "0")
        self.assertExit(result, 0)
        self.assertIn("forgotten: 4 rows of 1 run that", result.out)
        self.verifies()
        self.assertEqual(self.sql("SELECT count(*) FROM row"), [(0,)])
        found = self.read()["runs"][0]
        self.assertEqual((found["run"], found["state"]), (run, "pruned"))
        self.assertIn("its rows were pruned", self.status("--claim", "CL00000001").out)

        gateway.script = accept
        self.assertExit(self.ws.upload(gateway, "--overwrite"), 0)
        self.assertEqual(len(gateway.requests), 5)
        report = self.ws.read_report()
        self.assertEqual([line["outcome"] for line in report],
                         ["skipped", "accepted", "skipped", "skipped"])  # fmt: skip
        self.assertEqual(report[0]["code"], "ALREADY_ACCEPTED")
        self.assertIn(f"run {run}, row 2", report[0]["message"])
        self.assertNotEqual(self.ws.read_manifest()["run"], run)
        self.verifies()

    def test_young_unsettled_and_active_runs_stay(self):
        self.upload_mixed()
        self.assertEqual(self.read("--prune", "1")["prune"]["runs"], 0)
        prune = self.read("--prune", "0")["prune"]
        self.assertEqual((prune["runs"], prune["kept_unsettled_runs"]), (0, 1))
        self.assertEqual(self.sql("SELECT count(*) FROM row"), [(5,)])

    def test_pruning_does_not_disturb_a_run_that_is_active(self):
        self.ws.export(claim_rows(3, first=100), name="old.csv")
        self.assertExit(self.ws.upload(self.gateway(), claims="old.csv"), 0)
        gateway, run = self.held(6)
        prune = self.read("--prune", "0")["prune"]
        self.assertEqual((prune["runs"], prune["rows"], prune["vacuumed"]), (1, 3, False))
        self.assertTrue(run.is_alive())
        gateway.released.set()
        self.assertExit(run.finish(), 0)
        self.assertEqual(self.ws.read_manifest()["outcomes"]["accepted"]["rows"], 6)
        self.verifies()

    def test_nothing_is_pruned_where_nothing_is(self):
        self.assertExit(self.status("--prune", "0"), 66)
        self.assertFalse(os.path.exists(self.ws.ledger))


class OutputTest(StatusCase):
    def test_output_that_cannot_be_written_is_an_error(self):
        self.upload_mixed()
        for options in ((), ("--json",), ("--verify",), ("--claim", "CL00000001")):
            with open("/dev/full", "wb") as full:
                process = subprocess.run(
                    [self.ws.binary, "status", "--ledger", "ledger.db", *options],
                    cwd=self.ws.path, env=self.ws.environment(), stdout=full,
                    stderr=subprocess.PIPE, check=False,
                )  # fmt: skip
            self.assertEqual(process.returncode, 74)
            self.assertIn(b"cannot write standard output", process.stderr)
