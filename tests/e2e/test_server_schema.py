"""The tables of a ledger on a PostgreSQL server, as the program prints them for the server's DBA."""

import unittest

import postgres
from harness import TestCase

CATALOG = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'claimbatch'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'claimbatch'
UNION ALL SELECT 'right', relname, relacl::text, reloptions::text, '', '' FROM pg_class
    WHERE relnamespace = 'claimbatch'::regnamespace
UNION ALL SELECT 'function', proname, prosrc, proacl::text, proconfig::text, '' FROM pg_proc
    WHERE pronamespace = 'claimbatch'::regnamespace
UNION ALL SELECT 'meta', name, value, '', '', '' FROM claimbatch.meta ORDER BY 1, 2, 3, 4
"""
TABLES = {"abandonment", "app", "changed", "claim", "event", "import", "late_answer", "member", "meta", "pass", "platform",
          "pruned_export", "report_move", "round", "row", "run", "run_count", "settlement", "worker"}


class SchemaTest(TestCase):
    def setUp(self):
        super().setUp()
        self.url = postgres.shared().create()
        printed = self.ws.run("status", "--print-schema")
        self.assertExit(printed, 0)
        self.text = printed.out

    def query(self, sql, user=postgres.SUPERUSER):
        return postgres.query(postgres.as_user(self.url, user), sql)

    def assertDenied(self, sql, user):
        with self.assertRaisesRegex(RuntimeError, "permission denied|must be owner", msg=sql):
            self.query(sql, user)

    def rights_of(self, user):
        rights = {}
        for table, right in self.query(
                "SELECT tablename, r FROM pg_tables, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'"
                "::text[]) r WHERE schemaname = 'claimbatch'"
                f" AND has_table_privilege('{user}', 'claimbatch.' || quote_ident(tablename), r)"):
            rights.setdefault(table, set()).add(right)
        return rights

    def test_it_makes_the_tables(self):
        self.query(self.text)
        self.assertEqual({row[0] for row in self.query("SELECT tablename FROM pg_tables WHERE schemaname='claimbatch'")},
                         TABLES)
        meta = dict(self.query("SELECT name, value FROM claimbatch.meta"))
        self.assertRegex(meta.pop("id"), "^[0-9a-f]{32}$")
        self.assertEqual(meta, {"schema": "1", "reads_from": "1", "durability": "disk"})

    def test_a_second_time_changes_nothing(self):
        self.query(self.text)
        before = self.query(CATALOG)
        self.query(self.text)
        self.assertEqual(self.query(CATALOG), before)

    def test_two_databases_have_two_ids(self):
        self.query(self.text)
        first = self.query("SELECT value FROM claimbatch.meta WHERE name='id'")
        self.url = postgres.shared().create()
        self.query(self.text)
        self.assertNotEqual(self.query("SELECT value FROM claimbatch.meta WHERE name='id'"), first)

    def test_another_schema_is_left_as_it_is(self):
        self.query(self.text)
        for version in ("0", "2", "?"):
            with self.subTest(version):
                self.query(f"UPDATE claimbatch.meta SET value='{version}' WHERE name='schema';"
                           "DROP TABLE IF EXISTS claimbatch.member")
                before = self.query(CATALOG)
                with self.assertRaisesRegex(RuntimeError, rf"has schema \{version[0]}" if version == "?" else
                                            f"has schema {version}, and this is schema 1"):
                    self.query(self.text)
                self.assertEqual(self.query(CATALOG), before)

    def test_an_owner_who_is_no_superuser_can_make_it(self):
        self.query("CREATE ROLE owner LOGIN; GRANT ALL ON DATABASE "
                   + self.query("SELECT quote_ident(current_database())")[0][0] + " TO owner")
        self.addCleanup(self.query, "DROP OWNED BY owner CASCADE; DROP ROLE owner")
        self.query(self.text, "owner")
        self.query("INSERT INTO claimbatch.platform(name) VALUES('p'); SELECT claimbatch.need(true)", "owner")

    def test_the_users_may_what_runs_need_and_no_more(self):
        self.query("CREATE ROLE claimbatch_user; CREATE ROLE clerk LOGIN; CREATE ROLE other LOGIN;"
                   "GRANT claimbatch_user TO clerk")
        self.addCleanup(self.query, "DROP OWNED BY claimbatch_user; DROP ROLE clerk, other, claimbatch_user")
        self.query(self.text)
        self.assertEqual(self.rights_of("other"), {})
        fewer = {"meta": {"SELECT"}, "late_answer": {"SELECT", "INSERT"}}
        self.assertEqual(self.rights_of("clerk"), {
            table: fewer.get(table, {"SELECT", "INSERT", "UPDATE", "DELETE"}) for table in TABLES})
        self.query("INSERT INTO claimbatch.platform(name) VALUES('p'); UPDATE claimbatch.platform SET name='q';"
                   "SELECT nextval('claimbatch.claim_id'), claimbatch.need(true)", "clerk")
        self.query("INSERT INTO claimbatch.late_answer VALUES(1,1,1,1,DEFAULT,1,true,'{}')", "clerk")
        for sql in ("UPDATE claimbatch.meta SET value='2'", "DELETE FROM claimbatch.meta",
                    "INSERT INTO claimbatch.meta VALUES('x', 'y')", "UPDATE claimbatch.late_answer SET applied=false",
                    "DELETE FROM claimbatch.late_answer", "CREATE TABLE claimbatch.mine(n integer)", "DROP TABLE claimbatch.claim",
                    "DROP SCHEMA claimbatch CASCADE"):
            self.assertDenied(sql, "clerk")
        self.assertDenied("SELECT claimbatch.need(true)", "other")

    def test_what_does_not_hold_ends_the_transaction(self):
        self.query(self.text)
        for value in ("false", "null"):
            with self.assertRaisesRegex(RuntimeError, "fenced"):
                self.query(f"SELECT claimbatch.need({value})")

    def test_the_tables_need_no_ledger_and_no_server(self):
        self.assertExit(self.ws.run("status", "--print-schema", "--ledger", "nowhere/ledger.db"), 0)
        self.assertExit(self.ws.run("status", "--print-schema", "--verify"), 2)


class StandbyTest(TestCase):
    def test_a_server_that_does_not_wait_for_its_standby_gets_no_ledger(self):
        """A walsender is a standby to it; here a receiver of the log is one."""
        server = postgres.Server("wal_level=replica")
        self.addCleanup(server.close)
        url = server.create()
        text = self.ws.run("status", "--print-schema").out
        with postgres.receive_log(server.url):
            with self.assertRaisesRegex(RuntimeError, "forgets commits when it takes over"):
                postgres.query(url, text)
            self.assertEqual(postgres.query(url, "SELECT to_regnamespace('claimbatch') IS NULL"), [["t"]])


if __name__ == "__main__":
    unittest.main()
