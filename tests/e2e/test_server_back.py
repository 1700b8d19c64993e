"""claimbatch status --move-to: a ledger moves from a PostgreSQL server back to a file."""

import os
import signal
import socket
import sqlite3
import time
import unittest

import postgres
from harness import Sandbox, Workspace, claim_rows
from test_resolve import WORDS
from test_server_move import MoveCase

STATE = ".local/state/claimbatch"
OF_ITS_OWN = ("sqlite_sequence", "departure", "pending", "commits")  # not of what was moved
HOLD = """CREATE FUNCTION pg_temp_hold() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep({seconds}); RETURN NEW;
END$$; CREATE CONSTRAINT TRIGGER hold AFTER INSERT OR UPDATE ON claimbatch.meta DEFERRABLE INITIALLY {when} FOR EACH ROW
WHEN (NEW.name='{name}') EXECUTE FUNCTION pg_temp_hold()"""


def rows_of(path):
    """Each table of a file, without what tells of that file alone."""
    with sqlite3.connect(path) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names if name not in OF_ITS_OWN}
        rows["meta"] = [row for row in rows["meta"] if row[0] == "id"]
        rows["run"] = sorted(database.execute("SELECT id, name, command, platform, hex(export_sha256), reading, report_path,"
                                              " started_ms, finished_ms, stopped_because, complete, open_rows, invalid_rows,"
                                              " published, parent, origin, released, sequence, hex(corrects) FROM run"))
    database.close()
    return rows


class BackCase(MoveCase):
    def back(self, name="back.db", code=0, url=None):
        run = self.ws.run("status", "--ledger", url or self.url, "--move-to", name)
        self.assertExit(run, code)
        return run

    def query(self, sql):
        return postgres.query(self.url, f"SET search_path=claimbatch; {sql}")

    def live_there(self):
        """A ledger that lived in a file, and then on a server."""
        self.live()
        self.move()
        self.ws.export(claim_rows(4, first=40), name="there.csv")
        self.lost = {"CL00000041"}
        self.assertExit(self.ws.upload(self.web, "--retries", "0", claims="there.csv", ledger=self.url), 3)
        self.lost = set()


class BackTest(BackCase):
    def test_a_file_is_what_it_was_after_a_way_there_and_back(self):
        self.live()
        before = rows_of(self.ws.file("ledger.db"))
        self.assertGreater(len(before["row"]), 5)
        self.assertTrue(before["settlement"] and before["abandonment"] and before["round"] and before["pruned_export"])
        self.move()
        self.assertIn("moved, and compared; ", self.back().log)
        after = rows_of(self.ws.file("back.db"))
        for table, rows in before.items():
            with self.subTest(table=table):
                if table == "claim":  # one whose rows were pruned names none of them any more
                    rows, after[table] = ([row[:7] for row in table] for table in (rows, after[table]))
                self.assertEqual(after[table], rows)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "back.db"), 0)

    def test_the_file_knows_all_that_the_server_knew_and_the_next_server_too(self):
        self.live_there()
        before = self.what_is_known(self.url)
        self.back()
        self.assertEqual(self.what_is_known("back.db"), before)
        again = postgres.shared().create()
        self.move(url=again, ledger="back.db")
        self.assertEqual(self.what_is_known(again), before)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", again), 0)
        self.ws.export(claim_rows(1, first=70), name="new.csv")
        self.assertExit(self.ws.upload(self.web, claims="new.csv", ledger=again), 0)  # no loss for this host's witness

    def test_an_answer_that_contradicts_a_person_is_an_event_of_its_run(self):
        self.upload("claims.csv", 2)
        self.move()
        self.query("INSERT INTO late_answer SELECT 7, run, row, claim, now(), 1, false, '{\"code\": \"REFUSED\"}' FROM row"
                   " WHERE row=3")
        self.assertIn("1 answer came late and contradicts", self.back().log)
        with sqlite3.connect(self.ws.file("back.db")) as database:
            (said,) = database.execute("SELECT text FROM event WHERE kind=6")
        database.close()
        self.assertEqual(said[0], "an answer that was not taken: row 3, outcome 1, code REFUSED")

    def test_runs_go_on_with_the_file(self):
        self.live_there()
        self.back()
        sent = len(self.web.requests)
        go_on = {"ledger": "back.db"}
        self.assertExit(self.ws.upload(self.web, "--retries", "0", claims="there.csv", **go_on), 3)
        self.assertExit(self.ws.upload(self.web, claims="old.csv", **go_on), 0)
        self.assertEqual(len(self.web.requests), sent)
        resolve = ("resolve", "there.report.csv", "--ledger", "back.db", "--gateway", self.web.url, "--row", "3", *WORDS)
        self.assertExit(self.ws.run(*resolve, "--as", "not-executed"), 0)
        self.assertExit(self.ws.upload(self.web, claims="there.csv", **go_on), 0)
        self.assertEqual([request.claim["claim_order_no"] for request in self.web.requests[sent:]], ["CL00000041"])
        self.assertExit(self.ws.run("audit", "there.report.csv", "--ledger", "back.db"), 0)

    def test_the_server_is_refused_from_then_on(self):
        self.upload("claims.csv", 2)
        self.move()
        self.back()
        place = f"'{socket.gethostname()}:{self.ws.file('back.db')}'"
        for command in (("status",), ("status", "--verify"), ("status", "--prune", "0"), ("resolve",),
                        ("audit", "claims.report.csv"), ("import", "claims.report.csv", "--gateway", self.web.url, *WORDS)):
            run = self.ws.run(*command, "--ledger", self.url)
            self.assertExit(run, 78)
            self.assertIn(f"was moved to a file, {place}", run.log)
        other = self.ws.environment(STATE_DIRECTORY=self.ws.file("other-host"))
        self.assertExit(self.ws.upload(self.web, claims="claims.csv", ledger=self.url, env=other), 78)
        self.assertIn("it was moved before", self.back().log)
        self.assertIn("was moved to a file", self.back("elsewhere.db", code=78).log)
        self.assertFalse(os.path.exists(self.ws.file("elsewhere.db")))

    def test_it_comes_back_to_the_file_that_it_came_from(self):
        self.live_there()
        before = self.what_is_known(self.url)
        self.back("ledger.db")
        self.assertEqual(self.what_is_known("ledger.db"), before)
        self.assertIn("DROP SCHEMA claimbatch CASCADE", self.move(code=78).log)
        postgres.query(self.url, "DROP SCHEMA claimbatch CASCADE")
        self.move()
        self.assertEqual(self.what_is_known(self.url), before)

    def test_many_pages(self):
        """More rows than either side is told at once."""
        self.assertExit(self.create(self.url), 0)
        self.ws.export(claim_rows(4500))
        with Sandbox(self.ws) as gateway:
            self.assertExit(self.ws.upload(gateway, "--in-flight", "64", ledger=self.url), 0)
        self.assertIn("runs: 1, claims: 4500, rows: 4500", self.back().log)
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "back.db"), 0)
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--ledger", "back.db"), 0)

    def test_a_ledger_that_was_made_on_the_server(self):
        self.assertExit(self.create(self.url), 0)
        self.ws.export(claim_rows(3))
        self.assertExit(self.ws.upload(self.web, ledger=self.url), 0)
        self.back()
        self.assertExit(self.ws.upload(self.web, ledger="back.db"), 0)
        self.assertEqual(len(self.web.requests), 3)


class KilledRunTest(BackCase):
    def test_what_a_killed_host_left_goes_along_and_its_run_goes_on(self):
        self.assertExit(self.create(self.url), 0)
        self.ws.export(claim_rows(40))
        with Sandbox(self.ws, "--latency", "300") as gateway:
            run = self.ws.start(*self.ws.upload_arguments(gateway, "--in-flight", "4", ledger=self.url))
            self.assertTrue(gateway.has_lines(8, 60))
            run.send_signal(signal.SIGKILL)
            run.finish()
            self.back()
            self.assertTrue(self.document(ledger="back.db")["unknown"])
            self.assertExit(self.ws.run("status", "--verify", "--ledger", "back.db"), 0)
            self.assertExit(self.ws.upload(gateway, ledger="back.db"), 3)
        self.assertExit(self.ws.run("audit", "claims.report.csv", "--ledger", "back.db"), 0)
        self.assertLessEqual(len(gateway.journal), 40)  # none twice


class NotYetTest(BackCase):
    def setUp(self):
        super().setUp()
        self.upload("claims.csv", 2)
        self.move()

    def stays(self, words, code, name="back.db", makes=False):
        self.assertIn(words, self.back(name, code=code).log)
        self.document(ledger=self.url)  # it is in use yet
        self.assertEqual(os.path.exists(self.ws.file("back.db")), makes)

    def test_not_while_a_host_is_at_work(self):
        self.ws.export(claim_rows(200, first=10), name="many.csv")
        with Sandbox(self.ws, "--latency", "50") as gateway:
            arguments = self.ws.upload_arguments(gateway, "--in-flight", "1", claims="many.csv", ledger=self.url)
            run = self.ws.start(*arguments)
            self.assertTrue(gateway.has_lines(2, 60))
            self.stays("works with this ledger", 75)
            run.send_signal(signal.SIGINT)
            run.finish()
        self.back()

    def test_not_while_what_a_dead_host_has_signed_may_leave(self):
        self.query("UPDATE claim SET open_call=1, open_run=1, open_row=2, open_ms=1, open_round=0, open_attempts=1, open_tries=1,"
                   " open_intent=false, open_digest=accepted_digest, open_warnings='', settle_from=now()+interval '1 h'"
                   " WHERE claim_order_no='CL00000001'")
        self.query("UPDATE claim SET accepted_digest=NULL, accepted_run=NULL, accepted_row=NULL, accepted_ms=NULL"
                   " WHERE claim_order_no='CL00000001'")
        self.query("UPDATE row SET outcome=3, counts_as=3 WHERE row=2")
        self.query("UPDATE run_count SET rows=1 WHERE outcome=0")
        self.stays("the same again from", 65)
        self.query("UPDATE claim SET settle_from=now()-interval '1 h'")
        self.back()

    def test_not_while_this_host_keeps_answers(self):
        ((ledger,),) = self.query("SELECT value FROM meta WHERE name='id'")
        os.makedirs(self.ws.file(STATE))
        self.ws.write(f"{STATE}/ledger-{ledger}.999.spill", "torn")
        os.chmod(self.ws.file(f"{STATE}/ledger-{ledger}.999.spill"), 0o600)
        self.stays("keeps answers", 78)

    def test_not_over_another_ledger(self):
        other = self.enterContext(Workspace())
        other.export(claim_rows(1, first=50))
        self.assertExit(other.upload(self.web, ledger=other.file("other.db")), 0)
        self.stays("has runs of its own", 73, other.file("other.db"))
        self.document(ledger=other.file("other.db"))

    def test_not_by_who_uses_it_alone(self):
        self.query("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA claimbatch TO clerk; GRANT SELECT,"
                   " INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA claimbatch TO clerk; REVOKE INSERT ON meta FROM clerk; GRANT"
                   " USAGE ON ALL SEQUENCES IN SCHEMA claimbatch TO clerk; GRANT EXECUTE ON FUNCTION need TO clerk")
        self.addCleanup(self.query, "DROP OWNED BY clerk; DROP ROLE clerk")
        self.assertIn("by its owner alone", self.back(url=postgres.as_user(self.url, "clerk"), code=78).log)
        self.assertFalse(os.path.exists(self.ws.file("back.db")))

    def test_not_to_a_file_that_somebody_has_open(self):
        self.assertExit(self.ws.run("status", "--create", "--ledger", "back.db"), 0)
        with sqlite3.connect(self.ws.file("back.db")) as database:
            database.execute("SELECT * FROM run").fetchall()
            self.stays("another process has the ledger 'back.db' open", 75, makes=True)
        database.close()
        self.back()

    def test_one_who_may_not_say_so_leaves_no_file_in_use(self):
        self.query("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'you may not' USING"
                   " ERRCODE='42501'; END$$; CREATE TRIGGER no BEFORE INSERT ON meta FOR EACH ROW EXECUTE FUNCTION no()")
        self.stays("you may not", 78, makes=True)
        self.assertExit(self.ws.run("status", "--ledger", "back.db"), 78)
        self.query("DROP TRIGGER no ON meta")
        self.back()


class KillTest(BackCase):
    def setUp(self):
        super().setUp()
        self.upload("claims.csv", 3)
        self.move()
        self.known = self.document("--all", ledger=self.url)

    def wait_for(self, is_so):
        end = time.monotonic() + 60
        while not is_so():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def is_asleep(self):
        return postgres.query(self.url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event='PgSleep' AND"
                              " datname=current_database()") == [["1"]]

    def start_to_kill(self, name, when, seconds=8):
        self.query(HOLD.format(name=name, when=when, seconds=seconds))
        run = self.ws.start("status", "--ledger", self.url, "--move-to", "back.db")
        self.wait_for(self.is_asleep)
        return run

    def kill(self, run):
        run.send_signal(signal.SIGKILL)
        run.finish()
        self.query("DROP TRIGGER hold ON meta; DROP FUNCTION pg_temp_hold")

    def refuses(self, ledger, words):
        runs = [self.ws.run("status", "--ledger", ledger), self.ws.run("status", "--verify", "--ledger", ledger),
                self.ws.upload(self.web, claims="claims.csv", ledger=ledger)]
        for run in runs:
            self.assertExit(run, 78)
            self.assertIn(words, run.log)

    def completes(self, words="moved, and compared; runs: 1, claims: 3, rows: 3"):
        self.assertIn(words, self.back().log)
        self.assertEqual(self.document("--all", ledger="back.db"), self.known)
        self.refuses(self.url, "was moved to a file")
        sent = len(self.web.requests)
        self.assertExit(self.ws.upload(self.web, claims="claims.csv", ledger="back.db"), 0)
        self.assertEqual(len(self.web.requests), sent)

    def test_before_the_file_has_anything(self):
        self.kill(self.start_to_kill("moved_to", "IMMEDIATE"))
        self.refuses("back.db", "was cut short: type claimbatch status")
        self.assertEqual(self.document("--all", ledger=self.url), self.known)
        self.completes()

    def test_once_the_file_has_it_all(self):
        self.kill(self.start_to_kill("commits", "IMMEDIATE"))
        self.refuses("back.db", "was cut short: type claimbatch status")
        self.ws.export(claim_rows(1, first=60), name="more.csv")  # the server's is used yet
        self.assertExit(self.ws.upload(self.web, claims="more.csv", ledger=self.url), 0)
        self.known = self.document("--all", ledger=self.url)
        self.completes("moved, and compared; runs: 2, claims: 4, rows: 4")

    def test_once_the_server_is_marked(self):
        run = self.start_to_kill("moved_to", "DEFERRED", seconds=2)
        with sqlite3.connect(self.ws.file("back.db"), isolation_level=None) as file:
            file.execute("BEGIN IMMEDIATE")  # it waits for that, to take away the mark
            self.wait_for(lambda: self.query("SELECT count(*) FROM meta WHERE name='moved_to'") == [["1"]])
            self.kill(run)
            file.execute("ROLLBACK")
        file.close()
        self.refuses("back.db", "was cut short: type claimbatch status")
        self.refuses(self.url, "was moved to a file")
        os.rename(self.ws.file("back.db"), self.ws.file("kept.db"))
        os.rename(self.ws.file("back.db.lock"), self.ws.file("kept.db.lock"))
        self.assertIn("was moved to a file", self.back(code=78).log)  # nothing is made in its place
        self.assertFalse(os.path.exists(self.ws.file("back.db")))
        os.rename(self.ws.file("kept.db"), self.ws.file("back.db"))
        os.rename(self.ws.file("kept.db.lock"), self.ws.file("back.db.lock"))
        self.completes("an earlier move was cut short; it is complete now")


if __name__ == "__main__":
    unittest.main()
