"""A ledger that somebody edited: what stands in it never runs, and what was changed is noticed."""

import os
import shutil
import sqlite3
import unittest

from harness import Reply, TestCase, accept, claim_row, claim_rows, file_digest, refuse

SCHEMA = "ledger.db"


def lose(request):
    return Reply(b"", executed=True, accepted=True, then="reset")


class TamperCase(TestCase):
    def setUp(self):
        super().setUp()
        self.gate = self.gateway(self.answer)
        self.ws.export(claim_rows(8))
        self.ws.upload(self.gate, "--retries", 0)
        shutil.copy(self.ws.ledger, self.ws.file("good.db"))
        self.gate.script = accept

    @staticmethod
    def answer(request):
        number = int(request.key[1][2:])
        return refuse(request) if number == 3 else lose(request) if number == 5 else accept(request)

    def edit(self, *statements, legacy=False):
        """The ledger as it was, and then what somebody with SQLite's own tools does to it."""
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.ws.ledger + suffix):
                os.remove(self.ws.ledger + suffix)
        shutil.copy(self.ws.file("good.db"), self.ws.ledger)
        database = sqlite3.connect(self.ws.ledger, isolation_level=None)
        try:
            for statement in statements:
                database.execute(statement)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            database.close()

    def verify(self):
        return self.ws.run("status", "--ledger", "ledger.db", "--verify")

    def audit(self, *options):
        return self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db", *options)


class SchemaTest(TamperCase):
    """Anything that this program did not make."""

    EDITS = {
        "a trigger": (
            "CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM open_attempt; END",
        ),
        "a trigger on what every start touches": (
            "CREATE TRIGGER t AFTER UPDATE ON run BEGIN DELETE FROM claim; END",
        ),
        "a view": ("CREATE VIEW v AS SELECT * FROM row",),
        "a view in the place of a table": (
            "ALTER TABLE open_attempt RENAME TO hidden",
            "CREATE VIEW open_attempt AS SELECT * FROM hidden WHERE 0",
        ),
        "a table": ("CREATE TABLE planted(x)",),
        "an index": ("CREATE INDEX planted ON row(outcome)",),
        "a partial unique index": ("CREATE UNIQUE INDEX planted ON claim(platform) WHERE 0",),
        "an index that is gone": ("DROP INDEX run_of_export",),
        "an index of another column": (
            "DROP INDEX run_of_export",
            "CREATE INDEX run_of_export ON run(export_name, platform)",
        ),
        "a column": ("ALTER TABLE claim ADD COLUMN planted",),
        "a table that is gone": ("DROP TABLE settlement",),
        "a lower version": ("PRAGMA user_version=4",),
        "statistics": ("ANALYZE",),
        "a table whose text was changed": (
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_master SET sql=replace(sql, 'WITHOUT ROWID', ' WITHOUT ROWID')"
            " WHERE name='claim'",
        ),
        "two tables in one place": (
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_master SET rootpage=(SELECT rootpage FROM sqlite_master WHERE"
            " name='calls') WHERE name='ban'",
        ),
        "a word for a terminal": ('CREATE TABLE "\x1b[2J"(x)',),
    }

    def test_no_command_works_with_it_and_verify_names_it(self):
        for what, statements in self.EDITS.items():
            with self.subTest(what):
                self.edit(*statements)
                before = file_digest(self.ws.ledger)
                sent = len(self.gate.requests)
                self.ws.export(claim_rows(2, 50), name="other.csv")
                result = self.ws.upload(self.gate, claims="other.csv")
                self.assertExit(result, 78)
                self.assertSays(result, "was edited", "nothing was sent")
                self.assertNotIn("\x1b", result.err)
                self.assertEqual(len(self.gate.requests), sent)
                self.assertEqual(file_digest(self.ws.ledger), before)
                verified = self.verify()
                self.assertExit(verified, 1)
                if "version" not in what:
                    self.assertExit(self.ws.run("status", "--ledger", "ledger.db"), 78)
                self.assertNotEqual(self.audit().code, 0)
                self.assertNotIn("\x1b", verified.out + verified.err)

    def test_a_ledger_that_nobody_edited_is_in_order(self):
        self.edit("VACUUM")
        self.assertExit(self.verify(), 0)
        self.assertExit(self.audit(), 0)
        self.assertExit(self.ws.upload(self.gate), 3)


if __name__ == "__main__":
    unittest.main()
