"""A host of the cluster campaign: what it has for itself, what is typed there, and what can befall it."""

import contextlib
import os
import signal
import struct
import tempfile
import threading
import time

from database import wallclock
from harness import APP_KEY
from link import Link
from relay import Proxy

DAY_SECONDS = 120
AT_WORK_S = 0.25
STATE_OF_PROCESS = 2  # in /proc/PID/stat
PAUSE = "CLAIMBATCH_PAUSE"  # of this process: the library


class Host:
    """Its own state, clock, network, and exports; `name` is what its folder is called in words."""

    def __init__(self, name, workspace, database, sandbox, options):
        self.name, self.ws, self.options = name, workspace, options
        self.state = os.path.join(workspace.path, "state")
        os.makedirs(self.state, mode=0o700)
        self.sockets = tempfile.TemporaryDirectory(prefix="cb-l-", dir="/tmp")  # a socket's path is short
        folders = [os.path.join(self.sockets.name, str(number)) for number in (0, 1)]
        self.links = [Link(folder, lambda n=n: database.socket(n)) for n, folder in enumerate(folders)]
        self.url = f"postgresql://postgres@/claims?host={','.join(folders)}"
        self.url_of_gateway, self.gateway = sandbox.url, Proxy(sandbox.port)
        self.runs = []
        self.is_up = threading.Event()
        self.is_up.set()
        self.is_dead = False
        self.words = []
        workspace.write("clock", struct.pack("=q", 0))
        workspace.write("pause", struct.pack("=i", 0))

    def place(self):
        return ("--ledger", self.url, "-g", self.url_of_gateway, "--app-key", APP_KEY)

    def environment(self):
        return self.ws.environment(
            STATE_DIRECTORY=self.state, http_proxy=self.gateway.url, NO_PROXY="",
            LD_PRELOAD=f"{wallclock()} {os.environ[PAUSE]}", WALLCLOCK_OFFSET=self.ws.file("clock"),
            PAUSE_FILE=self.ws.file("pause"))

    def upload(self, claims):
        return ("upload", claims, *self.place(), "--app-secret-file", "secret", *self.options)

    def note(self, arguments, result):
        self.words.append(f"{self.name}: {arguments[0]} {arguments[1]}: exit {result.code}\n{result.err[-3000:]}")
        return result

    def type(self, *arguments, seconds=DAY_SECONDS):
        run = self.ws.start(*arguments, env=self.environment())
        run.began = time.monotonic()
        self.runs = [*(other for other in self.runs if other.is_alive()), run]
        return self.note(arguments, run.finish(seconds))

    def is_busy(self):
        """With a command that has not ended after a moment, as one does that somebody else is before."""
        return any(run.is_alive() and time.monotonic() - run.began > AT_WORK_S for run in self.runs)

    # ---- what befalls it ----

    def send_signal(self, number):
        for run in self.runs:
            if run.is_alive():
                run.send_signal(number)

    @contextlib.contextmanager
    def down(self):
        """Nothing is started there meanwhile."""
        self.is_up.clear()
        try:
            yield
        finally:
            self.is_up.set()

    def write(self, name, form, value):
        """In place, as the programs have the file mapped."""
        with open(self.ws.file(name), "r+b") as file:
            file.write(struct.pack(form, value))

    def set_clock(self, offset_ms):
        self.write("clock", "=q", offset_ms)

    def stopped(self):
        """The processes that are."""
        pids = []
        for run in self.runs:
            with contextlib.suppress(OSError), open(f"/proc/{run.process.pid}/stat", encoding="ascii") as file:
                if file.read().split()[STATE_OF_PROCESS] == "T":
                    pids.append(run.process.pid)
        return pids

    def arm(self, moment):
        """It stops at its next moment of that kind (pause.c); 0: at none."""
        self.write("pause", "=i", moment)

    def reconnect(self):
        for link in self.links:
            link.cut()
            link.mend()

    def mend(self):
        self.send_signal(signal.SIGCONT)
        self.gateway.fix()
        for link in self.links:
            link.mend()

    def close(self):
        self.mend()
        for link in self.links:
            link.close()
        self.gateway.close()
        self.sockets.cleanup()
