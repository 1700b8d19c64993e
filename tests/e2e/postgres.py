#!/usr/bin/env python3
"""A PostgreSQL server of a test's own: a new cluster in a folder in memory, or else under /tmp, on a socket in it
and nowhere else.

usage: tests/e2e/postgres.py [SETTING=VALUE...]

Prints the URL of its server; each line on standard input that is "create" is answered by the URL of a new database. It
ends when its standard input does, and the server with it, however either of them ends: so a test that is killed leaves
none behind. Where no server can be started it says why, and exits with 77. In a test, shared() is the one server of the
test's process.
"""

import atexit
import contextlib
import csv
import functools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

VERSION_MIN = 15
OTHER_USER = "nobody"  # PostgreSQL refuses root
SUPERUSER = "postgres"
READY = "database system is ready to accept"  # a standby: read-only connections
SECONDS = 120  # of a machine that does something else, too
SKIPPED = 77
# A socket's path is short; and what is synced in memory costs nothing, while the server's settings are a real one's.
ON_DISK = os.environ.get("CLAIMBATCH_SERVER_ON_DISK") == "1"  # to measure it
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) and not ON_DISK else "/tmp"
SETTINGS = ("listen_addresses=", "shared_buffers=16MB", "max_connections=40", "log_min_messages=warning")


class Missing(Exception):
    """Why there is no server here."""


def find_folder():
    """The folder of the newest server's programs."""
    folders = [path.parent for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    folders = [path for path in folders if path.parent.name.isdigit() and int(path.parent.name) >= VERSION_MIN]
    if not folders:
        raise Missing(f"no PostgreSQL {VERSION_MIN} or newer is installed (Debian: postgresql-15)")
    for program in ("psql", "setpriv"):
        if not shutil.which(program):
            raise Missing(f"{program} is not installed")
    return max(folders, key=lambda path: int(path.parent.name))


# ---- the server ----


def as_ordinary_user():
    """The words before a command that is not to be run as root and is not to outlive this process."""
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        user = pwd.getpwnam(OTHER_USER)
        words += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return words


def make_cluster(programs, folder):
    if os.geteuid() == 0:
        user = pwd.getpwnam(OTHER_USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
    made = subprocess.run(
        [*as_ordinary_user(), programs / "initdb", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync",
         f"--wal-segsize={16 if ON_DISK else 1}", f"--username={SUPERUSER}", f"--pgdata={folder}/data"],
        cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode:
        raise Missing(f"initdb failed: {made.stdout.strip()}")


def start_server(programs, folder, settings, **env):
    """Returns when it takes connections; `env` are further variables of its environment."""
    words = [word for setting in (*SETTINGS, f"unix_socket_directories={folder}", *settings) for word in ("-c", setting)]
    server = subprocess.Popen(
        [*as_ordinary_user(), programs / "postgres", "-D", f"{folder}/data", *words],
        cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LC_ALL": "C", **env})
    said = []
    for line in server.stderr:
        said.append(line)
        if READY in line:
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return server
    server.wait()
    raise Missing(f"the server did not start: {''.join(said).strip()}")


def serve(settings):
    programs = find_folder()
    with tempfile.TemporaryDirectory(prefix="cb-pg-", dir=FOLDER) as folder:
        make_cluster(programs, folder)
        server = start_server(programs, folder, settings)
        print(url_of(folder, SUPERUSER), flush=True)
        try:
            for number, line in enumerate(sys.stdin):
                if line.strip() == "create":
                    query(url_of(folder, SUPERUSER), f"CREATE DATABASE test_{number} STRATEGY file_copy")
                    print(url_of(folder, f"test_{number}"), flush=True)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(SECONDS)


def url_of(folder, database, user=SUPERUSER):
    return f"postgresql://{user}@/{database}?host={folder}"


def as_user(url, user):
    return url.replace(f"{SUPERUSER}@", f"{user}@", 1)


# ---- its users ----


def query(url, sql):
    """The rows of the last statement, as texts, by psql."""
    done = subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1", f"--dbname={url}"],
        input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False,
        env={**os.environ, "LC_ALL": "C", "PGOPTIONS": "-c client_min_messages=warning"})
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return list(csv.reader(done.stdout.splitlines()))


@contextlib.contextmanager
def receive_log(url):
    """Receives the server's log, as a standby does, for as long as it is asked to."""
    with tempfile.TemporaryDirectory(prefix="cb-pg-", dir=FOLDER) as folder:
        receiver = subprocess.Popen([find_folder() / "pg_receivewal", "--synchronous", f"--dbname={url}", f"--directory={folder}"])
        try:
            wait_for(url, "SELECT EXISTS (SELECT 1 FROM pg_stat_replication)")
            yield
        finally:
            receiver.terminate()
            receiver.wait(SECONDS)


@contextlib.contextmanager
def standby(url):
    """The URL of the same database on a standby of its server, which has what that had when it was made."""
    programs = find_folder()
    with tempfile.TemporaryDirectory(prefix="cb-pg-", dir=FOLDER) as folder:
        if os.geteuid() == 0:
            user = pwd.getpwnam(OTHER_USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        subprocess.run(
            [*as_ordinary_user(), programs / "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
             f"--dbname={url}", f"--pgdata={folder}/data"],
            cwd="/", check=True, timeout=SECONDS)
        server = start_server(programs, folder, ())
        try:
            yield url_of(folder, url.split("@/")[1].split("?")[0])
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(SECONDS)
            server.stderr.close()


def wait_for(url, question):
    until = time.monotonic() + SECONDS
    while query(url, question) != [["t"]]:
        if time.monotonic() > until:
            raise TimeoutError(question)
        time.sleep(0.01)


class Server:
    def __init__(self, *settings):
        self.process = subprocess.Popen(
            [sys.executable, __file__, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True)  # what kills the tests lets it tidy up
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("postgresql://"):
            self.close()
            raise unittest.SkipTest(self.url or "no PostgreSQL server could be started")

    def create(self):
        """The URL of a new database, its owner the server's superuser."""
        self.process.stdin.write("create\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(SECONDS)


@functools.cache
def shared():
    """Skips the test where there is none."""
    server = Server()
    atexit.register(server.close)
    return server


def main():
    try:
        serve(sys.argv[1:])
    except Missing as reason:
        print(reason)
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
