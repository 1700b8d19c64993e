#!/usr/bin/env python3
"""Lets three hosts send with one ledger, on two servers of which one is the other's standby, and lets all
that befalls hosts, servers and networks befall them.

A trial is some days: each day two exports that share claims, of which the first is begun on two hosts (one of
them waits until the other is not heard of any more) and the second on the third; meanwhile one or two accidents.
A host types its command again as systemd does, until it ends by itself. In the end what is unknown is settled
by what the gateway's journal says, one more upload ends well, and another sends nothing. Then an oracle holds
journal, reports and tables against each other (cluster_oracle.py). Short: 20 days, long: 1,000.
"""

import os
import random
import signal
import tempfile
import threading
import time

import cluster_oracle
import office
import trial
from database import Database
from harness import APP_KEY, Sandbox, Workspace
from link import BOTH, TO_CLIENT, TO_SERVER, Link
from postgres import Missing, query
from relay import Proxy

SHORT, LONG = 20, 1000
DAYS = (1, 4)  # of a trial
ROWS = (20, 160)
RATE = 200
LEASE_S = 2.2
USUAL = (0, 1, 3)
AGAIN = (-9, 4, 69, 75)  # systemd types it again
DAY_SECONDS = 400
WORDS = office.WORDS


class Host:
    """Its own state, network, and exports; `name` is what its folder is called in words."""

    def __init__(self, name, workspace, database, sandbox, options):
        self.name, self.ws, self.options = name, workspace, options
        self.state = os.path.join(workspace.path, "state")
        os.makedirs(self.state, mode=0o700)
        self.sockets = tempfile.TemporaryDirectory(prefix="cb-l-", dir="/tmp")  # a socket's path is short
        folders = [os.path.join(self.sockets.name, str(number)) for number in (0, 1)]
        self.links = [Link(folder, lambda n=n: database.socket(n)) for n, folder in enumerate(folders)]
        self.url = f"postgresql://postgres@/claims?host={','.join(folders)}"
        self.url_of_gateway, self.gateway = sandbox.url, Proxy(sandbox.port)
        self.run = None
        self.words = []

    def place(self):
        return ("--ledger", self.url, "-g", self.url_of_gateway, "--app-key", APP_KEY)

    def environment(self):
        return self.ws.environment(STATE_DIRECTORY=self.state, http_proxy=self.gateway.url, NO_PROXY="")

    def upload(self, claims):
        return ("upload", claims, *self.place(), "--app-secret-file", "secret", *self.options)

    def start(self, *arguments):
        self.run = self.ws.start(*arguments, env=self.environment())
        return self.run

    def note(self, arguments, result):
        self.words.append(f"{self.name}: {arguments[0]} {arguments[1]}: exit {result.code}\n{result.err[-3000:]}")
        return result

    def type(self, *arguments, seconds=120):
        return self.note(arguments, self.start(*arguments).finish(seconds))

    def send_signal(self, number):
        run = self.run
        if run and run.is_alive():
            run.send_signal(number)

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


# ---- accidents: one of them happens within a day ----


class Nemesis:
    """Each accident ends what it has begun before it returns."""

    def __init__(self, rng, database, hosts):
        self.rng, self.database, self.hosts = rng, database, hosts

    def strike(self, name):
        getattr(self, name)(self.rng.choice(self.hosts))

    def pause(self):
        """Most are short, some are longer than a lease."""
        time.sleep(self.rng.uniform(0.05, 2) if self.rng.random() < 0.7 else LEASE_S + 2)

    def kill(self, host):
        host.send_signal(signal.SIGKILL)

    def ask_to_stop(self, host):
        host.send_signal(self.rng.choice((signal.SIGINT, signal.SIGTERM)))

    def stop(self, host):
        host.send_signal(signal.SIGSTOP)
        self.pause()
        host.send_signal(signal.SIGCONT)

    def cut_database(self, host):
        for link in host.links:
            link.cut()
        self.pause()
        host.mend()

    def silence_database(self, host):
        directions = self.rng.choice((BOTH, (TO_SERVER,), (TO_CLIENT,)))
        for link in host.links:
            link.silence(directions)
        self.pause()
        host.mend()

    def slow_database(self, host):
        for link in host.links:
            link.slow_down(self.rng.uniform(0.01, 0.3))
        self.pause()
        host.mend()

    def half_close(self, host):
        for link in host.links:
            link.half_close()

    def cut_gateway(self, host):
        host.gateway.cut()
        self.pause()
        host.gateway.fix()

    def cut_both(self, host):
        host.gateway.cut()
        self.cut_database(host)

    def cut_and_kill(self, host):
        """It keeps answers that nobody gets before the next start."""
        for link in host.links:
            link.cut()
        time.sleep(self.rng.uniform(0.2, 3))
        host.send_signal(signal.SIGKILL)
        host.mend()

    def fail_over(self, _):
        self.database.fail_over()

    def crash(self, _):
        self.database.crash()

    def stop_backends(self, _):
        self.database.stop_backends(self.rng.uniform(0.1, 4))

    def stop_standby(self, _):
        with self.database.without_standby():
            self.pause()

    def cancel_waiting(self, _):
        with self.database.without_standby():
            time.sleep(self.rng.uniform(0.3, 1))
            self.database.end_waiting("pg_cancel_backend")

    def terminate_waiting(self, _):
        with self.database.without_standby():
            time.sleep(self.rng.uniform(0.3, 1))
            self.database.end_waiting("pg_terminate_backend")

    def hold_snapshot(self, _):
        """As a dump does."""
        query(self.database.primary.url(),
              "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM claimbatch.claim; SELECT pg_sleep(3)")


ACCIDENTS = [name for name in vars(Nemesis) if not name.startswith("_") and name not in ("strike", "pause")]


# ---- a trial ----


class Trial:
    def __init__(self, rng, database, sandbox, hosts):
        self.rng, self.database, self.box, self.hosts = rng, database, sandbox, hosts
        self.nemesis = Nemesis(rng, database, hosts)
        self.rows = []
        self.said = []
        self.found = []
        self.happened = []
        self.day = 0

    def run(self, days, accidents):
        made = self.hosts[0].type("status", "--create", "--ledger", self.hosts[0].url)
        if made.code:
            return [f"row -: no ledger: {made.err}"]
        for _ in range(days):
            self.live_day(accidents)
        self.finish()
        return self.found or cluster_oracle.violations(
            self.database, self.hosts, self.journal(), self.said, RATE)

    def journal(self):
        trial.end_of_journal(self.box)
        return self.box.journal

    def begin_day(self):
        """Two exports; some of what was sent before stands in them again, some of it with a higher amount."""
        self.day += 1
        rng = self.rng
        fresh = trial.random_rows(rng, rng.randint(*ROWS), first=1 + len(self.rows), repeats=0)
        for row in rng.sample(self.rows, min(len(self.rows), 5)):
            if row["claim_status"] == "1" and int(row["claim_fee"]):
                row["claim_fee"] = str(int(row["claim_fee"]) + rng.randint(1, 9))
        third = len(fresh) // 3
        old = rng.sample(self.rows, min(len(self.rows), 10))
        self.rows += fresh
        for host in self.hosts:
            host.ws.export(old + fresh[:2 * third], f"one-{self.day}.csv")
            host.ws.export(fresh[third:], f"other-{self.day}.csv")
        return f"one-{self.day}.csv", f"other-{self.day}.csv"

    def live_day(self, accidents):
        one, other = self.begin_day()
        work = [threading.Thread(target=self.work, args=(host, claims))
                for host, claims in zip(self.hosts, (one, one, other))]
        for thread in work:
            thread.start()
        for name in accidents or self.rng.choices(ACCIDENTS, k=self.rng.choice((1, 1, 2))):
            self.wait_for_moment()
            self.happened.append(name)
            self.nemesis.strike(name)
        for thread in work:
            thread.join()

    def wait_for_moment(self):
        until = time.monotonic() + 3
        lines = len(self.box.journal) + self.rng.randint(1, ROWS[1])
        while time.monotonic() < until and len(self.box.journal) < lines:
            time.sleep(0.005)

    def work(self, host, claims):
        """As systemd: again after a moment, until it has ended by itself."""
        until = time.monotonic() + DAY_SECONDS
        while time.monotonic() < until:
            try:
                code = host.type(*host.upload(claims), seconds=DAY_SECONDS).code
            except AssertionError as error:
                self.found.append(f"{host.name}: {claims}: {error}")
                return
            if code in USUAL:
                return
            if code not in AGAIN:
                self.found.append(f"{host.name}: {claims}: exit {code}: {host.words[-1][-600:]}")
                return
            time.sleep(0.5)
        self.found.append(f"{host.name}: {claims}: no end within {DAY_SECONDS} s: {host.words[-1][-600:]}")

    def settle(self, host):
        """The list for the support, filled in with what the gateway knows; all of a day's runs."""
        for name in sorted(name for name in os.listdir(host.ws.path) if name.endswith(".report.csv")):
            listed = host.type("resolve", name, *host.place()[:4], "-o", "list.csv", "--overwrite")
            if listed.code != 3:
                continue
            at = len(self.journal())
            words = office.fill_list(host.ws, self.box.journal)
            result = host.type("resolve", name, *host.place()[:4], "--from", "list.csv", *WORDS)
            if result.code in (0, 3):
                self.said += [(at, key) for key in words]

    def finish(self):
        """All is settled; then one more upload ends well, and another sends nothing."""
        host = self.hosts[0]
        last = [f"{name}-{self.day}.csv" for name in ("one", "other")]
        for _ in range(10):
            before = len(self.journal())
            codes = [host.type(*host.upload(claims)).code for claims in last]
            if not any(code in (3, *AGAIN) for code in codes) and self.sent_since(before) == 0:
                return
            for each in self.hosts:
                self.settle(each)
        self.found.append(f"row -: no end: exit {codes}: {host.words[-1][-600:]}")

    def sent_since(self, before):
        return sum(entry.get("claim") is not None for entry in self.journal()[before:])


class Campaign:
    def __init__(self, options, score):
        self.options, self.score = options, score
        self.fences = self.failovers = self.late = self.days = 0

    def attempt(self, name, days):
        rng = random.Random(f"{self.options.seed}/{name}")
        workspaces = [Workspace() for _ in range(3)]
        in_flight = rng.choice((4, 16, 64))
        options = ("-c", in_flight, "--timeout", 2, "--outage-patience", 30, "--rate", RATE, "-q",
                   "--max-changed", 1000)
        hosts, found, journal, happened = [], [], [], []
        try:
            with Database() as database, Sandbox(workspaces[0], "--latency", f"0..{rng.choice((1, 20, 100))}") as box:
                journal = box.journal
                try:
                    for number, workspace in enumerate(workspaces):
                        hosts.append(Host(f"host {number}", workspace, database, box, options))
                    one = Trial(rng, database, box, hosts)
                    happened = one.happened
                    found = one.run(days, self.options.accident)
                    self.count(database)
                finally:
                    for host in hosts:
                        host.close()
        except Missing:
            raise
        except Exception as error:
            found = [*found, f"row -: {type(error).__name__}: {error}"]
        finally:
            words = "\n".join([", ".join(happened), *(word for host in hosts for word in host.words)])
            self.score.add(name, found, workspaces[0], journal, words)
            for workspace in workspaces:
                workspace.__exit__()
        self.days += days

    def count(self, database):
        (fences, late), = database.query(
            "SELECT (SELECT count(*) FROM claimbatch.worker WHERE fenced),"
            " (SELECT count(*) FROM claimbatch.late_answer)")
        self.fences += int(fences)
        self.late += int(late)
        self.failovers += database.failovers

    def points(self):
        """Trials until there were so many days."""
        wanted = self.options.days or (LONG if self.options.long else SHORT)
        rng, number = random.Random(self.options.seed), 0
        while wanted > 0:
            number += 1
            days = min(wanted, rng.randint(*DAYS))
            wanted -= days
            if self.options.only in (None, str(number)):
                yield str(number), days

    def run(self):
        for _ in self.score.sweep(self.attempt, list(self.points()), every=10):
            pass
        self.score.progress(
            f"{self.days} days, {self.fences} fences, {self.failovers} failovers, {self.late} late answers")
        # Else it has shown little.
        if not self.fences and self.days >= SHORT and not self.options.accident:
            self.score.add("fences", ["row -: nobody was fenced"])


def main():
    options, score = trial.begin(
        __doc__,
        days={"type": int, "help": f"so many days ({SHORT}, long {LONG})"},
        accident={"action": "append", "choices": ACCIDENTS, "help": "this one alone; may be repeated"},
    )
    tests = os.path.join(os.path.dirname(trial.RELEASED), "tests")
    os.environ["CLAIMBATCH"] = os.path.join(tests, "claimbatch_short")
    os.environ["CLAIMBATCH_SANDBOX"] = os.path.join(tests, "sandbox_short")
    try:
        with Database():
            pass
    except Missing as reason:
        print(reason)
        score.end(skipped=1)
    Campaign(options, score).run()
    score.end()


if __name__ == "__main__":
    main()
