"""The server that the tests of PostgreSQL start: it is one of their own, and ends with them."""

import os
import signal
import subprocess
import sys
import time
import unittest

import postgres

SCRIPT = """
import postgres, sys
print(postgres.Server().url, flush=True)
sys.stdin.read()
"""


def folder_of(url):
    return url.split("host=")[1]


class ServerTest(unittest.TestCase):
    def assertGone(self, path):
        until = time.monotonic() + postgres.SECONDS
        while os.path.exists(path):
            self.assertLess(time.monotonic(), until, f"{path} is left")
            time.sleep(0.01)

    def test_each_database_is_new(self):
        server = postgres.shared()
        first, second = server.create(), server.create()
        postgres.query(first, "CREATE TABLE t(n integer)")
        self.assertEqual(postgres.query(first, "SELECT count(*) FROM t"), [["0"]])
        with self.assertRaisesRegex(RuntimeError, "does not exist"):
            postgres.query(second, "SELECT count(*) FROM t")

    def test_it_listens_on_its_socket_alone(self):
        self.assertEqual(postgres.query(postgres.shared().url, "SELECT current_setting('listen_addresses') = ''"),
                         [["t"]])

    def test_it_is_durable_as_a_real_one(self):
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self.assertEqual(postgres.query(postgres.shared().url, f"SHOW {setting}"), [["on"]])

    def test_it_ends_with_a_test_that_is_killed(self):
        postgres.shared()  # or this is skipped
        with subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd=os.path.dirname(postgres.__file__)) as user:
            folder = folder_of(user.stdout.readline().strip())
            self.assertTrue(os.path.exists(folder))
            user.kill()
        self.assertGone(folder)

    def test_it_ends_with_its_keeper(self):
        server = postgres.Server()
        folder = folder_of(server.url)
        server.process.send_signal(signal.SIGKILL)
        server.close()
        self.assertGone(f"{folder}/data/postmaster.pid")
        subprocess.run(["rm", "-r", folder], check=True)

    def test_where_there_is_none_it_is_said_and_skipped(self):
        done = subprocess.run([sys.executable, postgres.__file__], env={"PATH": ""}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, postgres.SKIPPED)
        self.assertRegex(done.stdout, "installed")


if __name__ == "__main__":
    unittest.main()
