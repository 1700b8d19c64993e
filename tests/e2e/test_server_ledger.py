"""A ledger that is named by the URL of a PostgreSQL server."""

import contextlib
import os
import re
import socket
import struct
import tempfile
import threading
import unittest

import postgres
from harness import TestCase, claim_rows, make_certificate, server_tls
from link import SOCKET, TO_CLIENT, Link

PASSWORD = "geheim-7f3d"
URL = f"postgresql://clerk:{PASSWORD}@db.example/claims"
COMMANDS = (("upload", "claims.csv"), ("rerun", "claims.report.csv"), ("audit", "claims.report.csv"),
            ("resolve",), ("status",), ("import", "claims.report.csv"))


class PasswordTest(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(1))

    def assertRefused(self, *arguments):
        before = set(os.listdir(self.ws.path))
        run = self.ws.run(*arguments)
        self.assertExit(run, 78)
        self.assertIn("has a password in it", run.log)
        self.assertNotIn(PASSWORD, run.out + run.log)
        self.assertEqual(set(os.listdir(self.ws.path)), before)

    def test_a_password_in_the_url_is_refused_by_each_command_and_not_repeated(self):
        for command in COMMANDS:
            for more in ((), ("--print-config",), ("--log-format", "json"), ("--verbose",)):
                with self.subTest(command=command[0], more=more):
                    self.assertRefused(*command, "--ledger", URL, *more)

    def test_a_password_in_the_configuration_is_not_repeated(self):
        self.ws.write("claims.conf", f"[run]\nledger = {URL}\n")
        self.assertRefused("status", "--config", "claims.conf")


def is_built_in(ws):
    return "built without PostgreSQL" not in ws.run("status", "--ledger", "postgresql://").log


class OtherCommandsTest(TestCase):
    def test_nothing_is_done_with_such_a_ledger_by_a_program_that_has_no_server(self):
        if is_built_in(self.ws):
            self.skipTest("this one has")
        self.ws.export(claim_rows(1))
        before = set(os.listdir(self.ws.path))
        for command in COMMANDS:
            for url in ("postgresql:///claims?host=/nowhere", "postgres://db"):
                with self.subTest(command=command[0], url=url):
                    run = self.ws.run(*command, "--ledger", url)
                    self.assertExit(run, 78)
                    self.assertIn("built without PostgreSQL", run.log)
        self.assertEqual(set(os.listdir(self.ws.path)), before)


class CreateCase(TestCase):
    def setUp(self):
        super().setUp()
        if not is_built_in(self.ws):
            self.skipTest("the program was built without PostgreSQL")

    def create(self, url, *options, **more):
        return self.ws.run("status", "--create", "--ledger", url, *options, env=self.ws.environment(**more))


class CreateTest(CreateCase):
    def setUp(self):
        super().setUp()
        self.url = postgres.shared().create()

    def query(self, sql):
        return postgres.query(self.url, sql)

    def test_it_is_made_once(self):
        made = self.create(self.url)
        self.assertExit(made, 0)
        self.assertIn("new ledger created", made.log)
        self.assertIn("is lost with its disk", made.log)
        meta = self.query("SELECT * FROM claimbatch.meta ORDER BY name")
        self.assertEqual(meta[-1], ["schema", "1"])
        again = self.create(self.url)
        self.assertExit(again, 73)
        self.assertIn("is there already", again.log)
        self.assertEqual(self.query("SELECT * FROM claimbatch.meta ORDER BY name"), meta)

    def test_what_is_made_is_what_is_printed(self):
        self.assertExit(self.create(self.url), 0)
        self.query(self.ws.run("status", "--print-schema").out)
        self.assertExit(self.create(self.url), 73)

    def test_a_ledger_of_another_schema_is_refused(self):
        self.assertExit(self.create(self.url), 0)
        for version in ("0", "2"):
            self.query(f"UPDATE claimbatch.meta SET value='{version}' WHERE name='schema'")
            run = self.create(self.url)
            self.assertExit(run, 78)
            self.assertIn(f"has schema {version}, and this program knows schema 1", run.log)

    def test_two_at_once_make_one(self):
        commands = [("status", "--create", "--ledger", self.url)] * 4
        codes = sorted(run.code for run in self.ws.run_together(commands))
        self.assertEqual(codes.count(0), 1, codes)
        self.assertLessEqual(set(codes), {0, 73, 75})  # 75: the first one took long
        self.assertEqual(self.query("SELECT count(*) FROM claimbatch.meta WHERE name='id'"), [["1"]])

    def test_who_may_not_is_shown_the_way(self):
        self.query("CREATE ROLE stranger LOGIN")
        self.addCleanup(self.query, "DROP ROLE stranger")
        run = self.create(postgres.as_user(self.url, "stranger"))
        self.assertExit(run, 78)
        self.assertIn("permission denied", run.log)
        self.assertIn("--print-schema", run.log)

    def test_a_server_whose_standby_may_forget_is_refused(self):
        with postgres.receive_log(postgres.shared().url):
            run = self.create(self.url)
        self.assertExit(run, 78)
        self.assertIn("set synchronous_standby_names", run.log)

    def test_machines_are_told_nothing_yet(self):
        self.assertExit(self.create(self.url, "--json"), 2)
        self.assertEqual(self.query("SELECT to_regnamespace('claimbatch') IS NULL"), [["t"]])


class StandbyTest(CreateCase):
    """A server that waits for one standby: here a receiver of its log, which can go."""

    def setUp(self):
        super().setUp()
        self.server = postgres.Server()
        self.addCleanup(self.server.close)
        self.url = self.server.create()

    def wait_for_standby(self):
        for sql in ("ALTER SYSTEM SET synchronous_standby_names='pg_receivewal'", "SELECT pg_reload_conf()"):
            postgres.query(self.server.url, sql)
        postgres.wait_for(self.server.url, "SELECT current_setting('synchronous_standby_names')<>''")

    def test_what_the_server_promised_is_kept(self):
        with postgres.receive_log(self.server.url):
            self.wait_for_standby()
            made = self.create(self.url)
            self.assertExit(made, 0)
            self.assertNotIn("is lost with its disk", made.log)
            self.assertEqual(postgres.query(self.url, "SELECT value FROM claimbatch.meta WHERE name='durability'"),
                             [["standby"]])

    def test_a_commit_that_the_standby_has_not_is_no_commit(self):
        """The server answers COMMIT with a warning when somebody ends its waiting."""
        self.wait_for_standby()
        run = self.ws.start("status", "--create", "--ledger", self.url)
        waits = "FROM pg_stat_activity WHERE application_name='claimbatch' AND wait_event='SyncRep'"
        postgres.wait_for(self.server.url, f"SELECT EXISTS (SELECT 1 {waits})")
        postgres.query(self.server.url, f"SELECT pg_cancel_backend(pid) {waits}")
        done = run.finish()
        self.assertExit(done, 75)
        self.assertIn("canceling wait for synchronous replication", done.log)
        self.assertNotIn("new ledger created", done.log)


class Pooler(Link):
    """Has told the client of a session before it has one of the server: the number is its own."""

    def _pass_on(self, target, direction, data):
        if direction == TO_CLIENT:
            data = re.sub(rb"K\0\0\0\x0c.{4}", b"K\0\0\0\x0c\0\0\0\1", data, count=1, flags=re.DOTALL)
        super()._pass_on(target, direction, data)


class PoolerTest(CreateCase):
    """Everything is as with a server: but whose session it is one cannot know."""

    def setUp(self):
        super().setUp()
        self.server = postgres.shared().create()
        real = self.server.split("host=")[1]
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cb-p-", dir="/tmp"))
        self.addCleanup(Pooler(folder, lambda: os.path.join(real, SOCKET)).close)
        self.url = self.server.replace(real, folder)

    def test_it_is_refused(self):
        self.ws.export(claim_rows(1))
        self.assertExit(self.create(self.server), 0)
        for run in (self.create(self.url), self.ws.run("status", "--ledger", self.url),
                    self.ws.run("upload", "claims.csv", "--ledger", self.url, "-g", "http://127.0.0.1:9/",
                                "--app-key", "1", "--app-secret-file", "secret")):
            self.assertExit(run, 78)
            self.assertIn("connection pooler", run.log)


class WireTest(CreateCase):
    """What is said to a server, and what is made of its answers, byte by byte."""

    def setUp(self):
        super().setUp()
        self.heard = b""

    @contextlib.contextmanager
    def server(self, *answers):
        """Answers what comes, one after the other, and closes."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as connection:
                    for answer in answers:
                        self.heard += connection.recv(4096)
                        connection.sendall(answer)
                    self.heard += connection.recv(4096)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield f"postgresql://clerk@127.0.0.1:{listener.getsockname()[1]}/claims"
            thread.join(postgres.SECONDS)

    @staticmethod
    def refusal(code, words):
        fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode()
        return b"E" + struct.pack(">i", 4 + len(fields)) + fields

    def test_a_refusal_has_its_exit_code(self):
        for code, words, exit_code in (("57P03", "the database system is starting up", 75), ("53300", "too many", 75),
                                       ("28P01", "password authentication failed", 78), ("3D000", "no such database", 78)):
            with self.subTest(code), self.server(self.refusal(code, words)) as url:
                run = self.create(url + "?sslmode=disable")
                self.assertExit(run, exit_code)
                self.assertIn(words, run.log)

    def test_a_pooler_that_takes_no_settings_is_told_from_a_server(self):
        with self.server(self.refusal("08P01", "unsupported startup parameter: options")) as url:
            run = self.create(url + "?sslmode=disable")
        self.assertExit(run, 78)
        self.assertIn("connection pooler", run.log)

    @staticmethod
    def message(kind, body):
        return kind + struct.pack(">i", 4 + len(body)) + body

    def test_statements_that_another_session_has_prepared_tell_of_a_pooler(self):
        """Also where it tells the number of the server's process."""
        known = (("server_version", "15.0"), ("client_encoding", "UTF8"), ("in_hot_standby", "off"),
                 ("default_transaction_read_only", "off"))
        greeting = self.message(b"R", struct.pack(">i", 0)) + b"".join(
            self.message(b"S", f"{name}\0{value}\0".encode()) for name, value in known)
        greeting += self.message(b"K", struct.pack(">ii", 7, 7)) + self.message(b"Z", b"I")
        for code in ("42P05", "26000"):
            refused = self.refusal(code, "prepared statement").replace(b"FATAL", b"ERROR")
            with self.subTest(code), self.server(greeting, refused + self.message(b"Z", b"I")) as url:
                run = self.create(url + "?sslmode=disable")
                self.assertExit(run, 78)
                self.assertIn("connection pooler", run.log)

    def test_who_asked_for_tls_says_nothing_without_it(self):
        with self.server(b"N") as url:
            self.assertExit(self.create(url + "?sslmode=verify-full"), 78)
        self.assertEqual(self.heard, struct.pack(">ii", 8, 80877103))

    @contextlib.contextmanager
    def tls_server(self, certificate, key):
        """Takes TLS, says who it is, and hears what is said to it then."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as connection, contextlib.suppress(OSError):
                    connection.recv(4096)
                    connection.sendall(b"S")
                    with server_tls(certificate, key).wrap_socket(connection, server_side=True) as secure:
                        self.heard += secure.recv(4096)
                        secure.sendall(self.refusal("57P03", "not yet"))

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield f"postgresql://clerk@localhost:{listener.getsockname()[1]}/claims?hostaddr=127.0.0.1&sslmode=verify-full"
            thread.join(postgres.SECONDS)

    def test_nothing_is_said_before_the_certificate_was_verified(self):
        certificate, key = make_certificate(self.ws)
        with self.tls_server(certificate, key) as url:  # nobody has vouched for it
            run = self.create(url)
            self.assertExit(run, 78)
            self.assertIn("certificate", run.log)
        self.assertEqual(self.heard, b"")
        with self.tls_server(certificate, key) as url:
            run = self.create(f"{url}&sslrootcert={certificate}")
            self.assertExit(run, 75)
            self.assertIn("not yet", run.log)
        self.assertIn(b"clerk", self.heard)

    def test_a_certificate_of_another_host_is_refused(self):
        certificate, key = make_certificate(self.ws, "other.example")
        with self.tls_server(certificate, key) as url:
            self.assertExit(self.create(f"{url}&sslrootcert={certificate}"), 78)
        self.assertEqual(self.heard, b"")

    def test_a_password_comes_from_the_credentials(self):
        self.ws.write("ledger-password", PASSWORD + "\n", 0o600)
        clear = b"R" + struct.pack(">ii", 8, 3)
        with self.server(clear, self.refusal("28P01", "no")) as url:
            run = self.create(url + "?sslmode=disable", "--verbose", CREDENTIALS_DIRECTORY=self.ws.path)
            self.assertExit(run, 78)
        self.assertIn(b"p" + struct.pack(">i", 5 + len(PASSWORD)) + PASSWORD.encode() + b"\0", self.heard)
        self.assertNotIn(PASSWORD, run.out + run.log)

    def test_a_password_that_is_missing_is_asked_of_nobody(self):
        with self.server(b"R" + struct.pack(">ii", 8, 3)) as url:
            run = self.create(url + "?sslmode=disable")
        self.assertExit(run, 78)

    def test_where_nobody_listens_it_can_be_tried_later(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.assertExit(self.create(f"postgresql://127.0.0.1:{port}/claims"), 75)

    def test_a_stop_ends_the_waiting(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"postgresql://127.0.0.1:{listener.getsockname()[1]}/claims?sslmode=disable"
            run = self.ws.start("status", "--create", "--ledger", url)
            with listener.accept()[0] as connection:
                connection.recv(4096)
                run.send_signal(2)
                self.assertExit(run.finish(), 130)


if __name__ == "__main__":
    unittest.main()
