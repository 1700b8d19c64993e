"""claimbatch status --verify, --backup and --prune of a ledger on a PostgreSQL server."""

import unittest

import postgres
from harness import only_long
from test_server_status import LATE, ServerCase

DAY_MS = 24 * 3600 * 1000

# What is done to a ledger in order, and what is said of it then.
CONTRADICTIONS = (
    ("DELETE FROM meta WHERE name='id'", None),
    ("UPDATE run SET platform=9 WHERE id=1", "run 20261126-first is of a platform that is not there"),
    ("UPDATE run SET name='' WHERE id=1", "run number 1 is damaged"),
    ("UPDATE run SET sequence=-1 WHERE id=2", "run number 2 is not behind the run before it"),
    ("UPDATE run SET origin=77 WHERE id=2", "run number 2 stands in the place of run number 77"),
    ("UPDATE run_count SET outcome=9 WHERE run=1 AND outcome=3", "the count of run number 1, outcome number 9"),
    ("UPDATE run_count SET rows=2 WHERE run=1 AND outcome=0", "run number 1 ended with 2 rows of outcome number 0"),
    ("INSERT INTO abandonment VALUES('x', 1, 'upload', 88, 1, 'a', 'b')", "run number 88 was abandoned"),
    ("INSERT INTO round(run, kind, by, reason, opened_ms, finished_ms) VALUES(88, 1, 'a', 'b', 1, 0)", "of run number 88"),
    ("UPDATE claim SET platform=9 WHERE id=-1", "claim A1 is of a platform that is not there"),
    ("UPDATE claim SET accepted_run=66 WHERE id=-1", "claim A1 was accepted by run number 66, row 2, and that run is not"),
    ("UPDATE claim SET accepted_ms=NULL WHERE id=-1", "accepted content of claim A1 is damaged"),
    ("UPDATE claim SET accepted_digest=decode(repeat('ff', 16), 'hex') WHERE id=-1", "accepted of claim A1 is not the content"),
    ("UPDATE claim SET accepted_row=9 WHERE id=-1", "row 9, and that row is not there as accepted"),
    ("UPDATE row SET outcome=1 WHERE row=2", "row 2, and that row is not there as accepted"),
    ("UPDATE claim SET accepted_digest=NULL WHERE id=-1", "claim A1 has a row that was accepted"),
    ("UPDATE claim SET open_run=55 WHERE id=-3", "claim A3 has an open attempt of run number 55"),
    ("UPDATE claim SET open_digest=NULL WHERE id=-3", "the open attempt of claim A3"),
    ("UPDATE claim SET open_ms=7 WHERE id=-1", "the open attempt of claim A1"),
    ("DELETE FROM row WHERE row=3", "claim A2 has an unknown attempt (run number 1, row 3) without that row"),
    ("UPDATE worker SET fenced=true WHERE id=1", "claim A3 has a call under way (run number 2) of worker 1, which is over"),
    ("UPDATE worker SET fenced=true WHERE id=1", "run 20261127-second is held by worker 1"),
    ("UPDATE worker SET ended=true WHERE id=1", "claim A3 has a call under way"),
    ("UPDATE claim SET open_worker=44 WHERE id=-3", "claim A3 has an open attempt of worker 44"),
    ("UPDATE claim SET open_call=-7 WHERE id=-3", "call -7 is the open one of more claims than one: A2 and A3"),
    ("UPDATE row SET run=99 WHERE row=2", "there are rows of run number 99"),
    ("UPDATE row SET claim=-99 WHERE row=2", "run number 1, row 2 is of a claim that is not there"),
    ("UPDATE row SET state=7 WHERE row=2", "the record of run number 1, row 2 is damaged"),
    ("UPDATE row SET round=5 WHERE row=2", "in round number 5, which is not there"),
    ("INSERT INTO settlement VALUES(1, 2, 1, 0, 'x', 1, 'a', 'b', 'c')", "row 2 was settled by a person"),
    ("UPDATE row SET code='RESOLVED_ACCEPTED' WHERE row=2", "row 2 says that a person settled it"),
    ("UPDATE worker SET ended=true WHERE id=2", "a share of the rate of app key 1023456 is of worker 2"),
    ("UPDATE member SET share=30", "the shares of app key 1023456 are 60 claims a second together, and its rate is 50"),
)


class VerifyTest(ServerCase):
    def test_a_ledger_in_order(self):
        self.assertIn("the ledger is in order", self.status("--verify").out)
        document = self.document("--verify")
        self.assertEqual((document["damage"], document["damage_count"], document["unapplied_late_answers"]), ([], 0, 0))

    def test_shares_that_are_being_divided_anew_are_in_order(self):
        self.query("UPDATE claimbatch.member SET share=30; UPDATE claimbatch.app SET generation=3")
        self.status("--verify")

    def test_a_row_that_was_sent_again_stays_accepted_where_it_was(self):
        self.query("INSERT INTO claimbatch.round(run, kind, by, reason, opened_ms, finished_ms) VALUES(1, 1, 'a', 'b', 1, 2);"
                   "UPDATE claimbatch.row SET outcome=1, counts_as=1, round=1 WHERE row=2;"
                   "UPDATE claimbatch.run_count SET rows=0 WHERE outcome=0")
        self.status("--verify")

    def test_each_contradiction_is_found(self):
        template = self.url
        self.query("CREATE TABLE public.kept AS SELECT 1")
        name = template.split("@/")[1].split("?")[0]
        for number, (sql, words) in enumerate(CONTRADICTIONS):
            with self.subTest(sql):
                copy = f"{name}_{number}"
                postgres.query(postgres.shared().url, f"CREATE DATABASE {copy} TEMPLATE {name}")
                url = template.replace(f"/{name}?", f"/{copy}?")
                postgres.query(url, f"SET search_path=claimbatch; {sql}")
                run = self.status("--verify", url=url, code=1)
                self.assertIn(words or "the id of the ledger is missing", run.out)
                self.assertIn("restore its newest backup", run.log)

    def test_what_came_late_and_was_not_applied_ends_with_3(self):
        self.query(LATE)
        run = self.status("--verify", code=3)
        self.assertIn("the ledger is in order", run.out)
        self.assertIn("1 answer came late", run.log)
        self.assertEqual(self.document("--verify", code=3)["unapplied_late_answers"], 1)

    @only_long
    def test_a_standby_can_be_verified(self):
        with postgres.standby(self.url) as url:
            self.status("--verify", url=url)


class CareTest(ServerCase):
    def test_a_backup_is_the_servers(self):
        run = self.status("--backup", "of today.dump", code=2)
        self.assertIn("pg_dump --serializable-deferrable -Fc -n claimbatch -f 'of today.dump' ", run.log)
        self.assertIn(self.url, run.log)

    def test_pruning(self):
        self.query(f"UPDATE claimbatch.claim SET open_call=NULL, open_worker=NULL, open_run=NULL, open_row=NULL, open_ms=NULL,"
                   f" open_round=NULL, open_attempts=NULL, open_tries=NULL, open_intent=NULL, open_digest=NULL,"
                   f" open_warnings=NULL WHERE id=-2; UPDATE claimbatch.run SET finished_ms=finished_ms-{90 * DAY_MS} WHERE id=1")
        self.assertIn("would be forgotten: 2 rows of 1 run", self.status("--prune", "30", "--dry-run").out)
        self.assertEqual(self.document("--prune", "30", "--dry-run")["prune"]["rows"], 2)
        run = self.status("--prune", "30")
        self.assertIn("forgotten: 2 rows of 1 run", run.out)
        self.assertNotIn("the file", run.out)
        self.assertEqual(self.query("SELECT count(*) FROM claimbatch.row"), [["0"]])
        self.assertIn("pruned", self.status().out)
        self.status("--verify")

    @only_long
    def test_a_standby_is_not_pruned(self):
        with postgres.standby(self.url) as url:
            self.assertIn("session is read-only", self.status("--prune", "30", url=url, code=75).log)


if __name__ == "__main__":
    unittest.main()
