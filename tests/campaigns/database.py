"""One database on two servers, of which one is the other's synchronous standby; and what befalls servers.

Each runs as an ordinary user, on a socket in a folder of its own. Acknowledged is what both have, so that
what takes over has all of it.
"""

import contextlib
import os
import pwd
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import trial  # finds the modules of the end-to-end tests, too
import postgres

DATABASE = "claims"
OWN_MOUNTS = "CLAIMBATCH_OWN_MOUNTS"  # of this process
DISK = "400m"
SETTINGS = ("wal_sender_timeout=5s", "wal_receiver_timeout=5s", "wal_retrieve_retry_interval=200ms", "wal_keep_size=256MB", "max_wal_size=256MB")


def enter_own_mounts():
    """Starts this program again, where it may, so that the disks that it mounts are gone with it."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if OWN_MOUNTS in os.environ or subprocess.run([*command, "true"], stderr=subprocess.DEVNULL).returncode:
        return
    os.environ[OWN_MOUNTS] = "1"
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


def has_own_mounts():
    return OWN_MOUNTS in os.environ


def wallclock():
    """Built beside the program; what a test sets a clock by."""
    return os.path.join(os.path.dirname(trial.RELEASED), "tests", "libwallclock.so")


class Node:
    """A server; `number` is its place in the URL."""

    def __init__(self, programs, number):
        self.programs, self.number = programs, number
        self.folder = tempfile.mkdtemp(prefix="cb-pg-", dir="/tmp")  # a socket's path is short
        if has_own_mounts():
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.folder], check=True)
        self._clock = os.path.join(self.folder, "clock")
        self.set_clock(0)
        shutil.copy(wallclock(), self.folder)
        os.chmod(self.folder, 0o755)
        if os.geteuid() == 0:
            user = pwd.getpwnam(postgres.OTHER_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.process = None

    def set_clock(self, offset_ms):
        """By how much its clock is ahead."""
        with open(self._clock, "r+b" if os.path.exists(self._clock) else "wb") as file:
            file.write(struct.pack("=q", offset_ms))

    def socket(self):
        return os.path.join(self.folder, ".s.PGSQL.5432")

    def url(self, database=DATABASE):
        return postgres.url_of(self.folder, database)

    def run(self, program, *arguments):
        subprocess.run(
            [*postgres.as_ordinary_user(), self.programs / program, *arguments], cwd="/", check=True,
            timeout=postgres.SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def copy(self, other):
        """Becomes the other one's standby."""
        self.run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
                 f"--dbname={other.url('postgres')}", f"--pgdata={self.folder}/data")

    def start(self):
        self.process = postgres.start_server(
            self.programs, self.folder, SETTINGS, WALLCLOCK_OFFSET=self._clock,
            LD_PRELOAD=os.path.join(self.folder, os.path.basename(wallclock())))

    def promote(self):
        self.run("pg_ctl", "promote", "-w", "-D", f"{self.folder}/data")

    def processes(self):
        """The server's own, and those it has started."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]

    def signal_all(self, number):
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """All of its processes at once, as a host that loses its power does."""
        if self.process and self.process.poll() is None:
            self.signal_all(signal.SIGSTOP)
            self.signal_all(signal.SIGKILL)
            self.process.wait(postgres.SECONDS)
        if self.process:
            self.process.stderr.close()
            self.process = None

    def start_again(self):
        """After a kill; a file of that pid is left."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{self.folder}/data/postmaster.pid")
        self.start()

    @contextlib.contextmanager
    def full_disk(self):
        """What has not been written before finds no room."""
        path = os.path.join(self.folder, "ballast")
        with open(path, "wb") as file, contextlib.suppress(OSError):
            while True:
                room = os.statvfs(self.folder).f_bavail
                os.posix_fallocate(file.fileno(), file.tell(), max(room, 1) * os.statvfs(self.folder).f_frsize)
                file.seek(0, os.SEEK_END)
        try:
            yield
        finally:
            os.remove(path)

    def close(self):
        self.kill()
        if has_own_mounts():
            subprocess.run(["umount", "--lazy", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


HAS_ALL = "SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE flush_lsn>=pg_current_wal_flush_lsn())"
SPARE = 2  # a place that no URL names
HAS_STANDBY = "SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE state='streaming' AND sync_state='sync')"


class Database:
    """`primary` has it and `standby` follows; their places in the URL are 0 and 1, whoever of them it is."""

    def __init__(self):
        self.programs = postgres.find_folder()
        self.nodes, self.places = [], {}
        self.failovers = 0

    def __enter__(self):
        try:
            self.primary = self._make(0)
            postgres.make_cluster(self.programs, self.primary.folder)
            self.primary.start()
            postgres.query(self.primary.url("postgres"), f"CREATE DATABASE {DATABASE}")
            postgres.query(self.primary.url("postgres"), "ALTER SYSTEM SET synchronous_standby_names='*'")
            self.standby = self._follow(1)
            postgres.query(self.primary.url("postgres"), "SELECT pg_reload_conf()")
            self.wait_for_standby()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.close()

    def _make(self, number):
        node = Node(self.programs, number)
        self.nodes.append(node)
        self.places[number] = node
        return node

    def _follow(self, number):
        node = self._make(number)
        node.copy(self.primary)
        node.start()
        return node

    def socket(self, number):
        """Of the server that has that place by now."""
        return self.places[number].socket()

    def wait_for_standby(self):
        """Also while the primary recovers."""
        until = time.monotonic() + postgres.SECONDS
        while True:
            try:
                return postgres.wait_for(self.primary.url("postgres"), HAS_STANDBY)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def query(self, sql):
        return postgres.query(self.primary.url(), sql)

    # ---- what befalls it ----

    def fail_over(self):
        """The primary is gone for ever; the standby takes over, and gets one of its own."""
        gone = self.primary
        gone.kill()
        self.standby.promote()
        self.primary = self.standby
        self.standby = self._follow(gone.number)
        self._drop(gone)
        self.wait_for_standby()
        self.failovers += 1

    @contextlib.contextmanager
    def old_primary(self):
        """A failover after which the old primary comes back and takes itself for the primary: it has no
        standby, so nothing is acknowledged there. The new one has another meanwhile."""
        old = self.primary
        old.kill()
        self.standby.promote()
        self.primary = self.standby
        spare = self._follow(SPARE)
        self.wait_for_standby()
        old.start_again()
        try:
            yield
        finally:
            old.kill()
            self.standby = self._follow(old.number)
            self._drop(old)
            self._drop(spare)
            self.wait_for_standby()
            self.failovers += 1

    @contextlib.contextmanager
    def without_synchrony(self, reconnect):
        """The primary acknowledges what its standby, which takes over in the end, never gets. What connections of
        before were told, until `reconnect` ends them, that has."""
        self._set(self.primary, "synchronous_standby_names=''")
        reconnect()
        postgres.wait_for(self.primary.url("postgres"), HAS_ALL)
        self._set(self.standby, "primary_conninfo=''")
        yield
        self.fail_over()

    @contextlib.contextmanager
    def forgetful_standby(self):
        """Commits wait for a standby that gets nothing any more, and that takes over in the end."""
        self._set(self.standby, "primary_conninfo=''")
        yield
        self.fail_over()

    def _set(self, node, setting):
        for words in (f"ALTER SYSTEM SET {setting}", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.1)"):
            postgres.query(node.url("postgres"), words)

    def _drop(self, node):
        self.nodes.remove(node)
        node.close()

    @contextlib.contextmanager
    def full_disk(self):
        with self.primary.full_disk():
            yield
        if self.primary.process.poll() is not None:
            self.primary.kill()
            self.primary.start_again()
        self.wait_for_standby()

    def crash(self):
        """The primary loses its power, and comes back."""
        self.primary.kill()
        self.primary.start_again()
        self.wait_for_standby()

    @contextlib.contextmanager
    def without_standby(self):
        """Commits wait meanwhile."""
        self.standby.signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self.standby.signal_all(signal.SIGCONT)

    def backends(self):
        """Those that work for the program."""
        return [int(pid) for pid, in self.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name='claimbatch'")]

    def end_waiting(self, function):
        """Those that wait for the standby are cancelled, or terminated: what they say then is not sure."""
        self.query(f"SELECT {function}(pid) FROM pg_stat_activity WHERE wait_event='SyncRep'")

    def stop_backends(self, seconds):
        pids = self.backends()
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if number == signal.SIGSTOP:
                time.sleep(seconds)
