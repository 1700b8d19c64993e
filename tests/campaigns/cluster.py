#!/usr/bin/env python3
"""Lets three hosts send with one ledger, on two servers of which one is the other's standby, and lets all
that befalls hosts, servers and networks (nemesis.py) befall them.

A trial is some days: each day two exports that share claims, each of which is begun on two hosts (one of them
waits until the other is not heard of any more); meanwhile one or two accidents.
A host types its command again as systemd does, until it ends by itself; that of a host that does not come back
is typed on another. At the end of a day a person settles what is unknown by what the gateway's journal says, as
far as the quarantine lets him; at the end of the last one all of it, one more upload ends well, and another
sends nothing. After each day an oracle holds journal, reports and tables against each other
(cluster_oracle.py); a trial ends with the first day on which it finds something.

The programs have a lease of seconds (short_lease.c, short_window.h), so that a day takes some seconds, too.
Short: 12 days, without those accidents that take the longest, long: 1,000.
"""

import os
import random
import subprocess
import threading
import time

import cluster_oracle
import office
import trial
from cluster_host import DAY_SECONDS, PAUSE, Host
from database import Database, enter_own_mounts, has_own_mounts
from harness import Sandbox, Workspace, preload
from nemesis import ACCIDENTS, DIRECTED, LONG_ONES, WINDOW_S, Nemesis
from postgres import Missing, find_folder

SHORT, LONG = 12, 1000
DAYS = 6  # of a trial
ROWS = (15, 60)
RATES = (50, 100, 200)
LOW_RATES = (20, *RATES)  # days of seconds
LATE_S = (0, 0, 0.3, 0.6, 0.9)  # by what the third host begins later: it joins those that share the rate
USUAL = (0, 1, 3)
AGAIN = (-9, 4, 69, 75)  # systemd types it again
LATENCIES_MS = (1, 20, 100)
# Of the gateway, by the claims that suffer: none, or answers of each kind that does not stop a run.
FAULTS = (
    (), (), ("--fault", "every-row=0.05", "--fault-attempts", 1), ("--fault", "every-row=0.2", "--fault-attempts", 2))
COUNTS = ("days", "fences", "takeovers", "failovers", "late answers", "directed pauses", "ghosts", "faults")
WORDS = office.WORDS


class Trial:
    def __init__(self, rng, database, sandbox, hosts, rate, in_flight):
        self.rng, self.database, self.box, self.hosts = rng, database, sandbox, hosts
        self.rate, self.in_flight = rate, in_flight
        self.nemesis = Nemesis(self, rng, database, hosts)
        self.allowed = ()  # exit codes of this day
        self.work_of = []
        self.rows = []
        self.said = []
        self.found = []
        self.happened = []
        self.day = 0

    def run(self, days, choose):
        """`choose` names the accidents of a day."""
        made = self.hosts[0].type("status", "--create", "--ledger", self.hosts[0].url)
        if made.code:
            return [f"row -: no ledger: {made.err}"]
        while self.day < days and not self.found:
            self.live_day(choose(self))
            self.look()
        if not self.found:
            self.finish()
            self.look()
        if self.found:
            return [f"found on day {self.day}:", *self.found]
        return cluster_oracle.at_end(self.database, self.hosts)

    def has_takeover(self):
        return self.database.query(
            "SELECT EXISTS (SELECT 1 FROM claimbatch.worker w JOIN claimbatch.worker b ON b.id=w.fenced_by"
            " WHERE w.fenced AND b.place<>w.place)") == [["t"]]

    def look(self):
        self.found += cluster_oracle.after_day(
            self.database, self.hosts, self.journal(), self.said, self.rate, self.in_flight)

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
            host.ws.export(old + fresh[third:], f"other-{self.day}.csv")
        return f"one-{self.day}.csv", f"other-{self.day}.csv"

    def live_day(self, accidents):
        one, other = self.begin_day()
        self.allowed = ()
        first, second, third = self.hosts
        self.work_of = [threading.Thread(target=self.work, args=command)
                        for command in ((first, one), (second, one), (third, other), (second, other))]
        late_s = self.rng.choice(LATE_S)
        for thread in self.work_of:
            if thread is self.work_of[2]:
                time.sleep(late_s)
            thread.start()
        for name in accidents:
            if name not in DIRECTED:
                self.wait_for_moment()
            self.happened.append(name)
            self.nemesis.strike(name)
        for thread in self.work_of:
            thread.join()
        for host in self.hosts:
            host.is_dead = False
        if self.is_unsettled():
            self.settle(self.rng.choice(self.hosts))

    # ---- what accidents ask for ----

    def allow(self, codes):
        """What a command may end with by today's accident; it is typed again then."""
        self.allowed += codes

    def wait_for_others(self, host, seconds):
        """Until the commands of all but this one have ended, or for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(other.is_busy() for other in self.hosts if other is not host):
            time.sleep(0.05)

    def has_unsent(self, pids):
        """Whether these processes may send what the gateway has not got yet."""
        came = {(int(entry["workcard_id"]), entry["claim_order_no"]): entry["at_ms"]
                for entry in self.box.journal if entry.get("claim") is not None}
        return any(
            came.get((int(workcard), order_no), 0) < int(open_ms)
            for order_no, workcard, open_ms in self.database.query(
                "SELECT claim_order_no, workcard_id, open_ms FROM claimbatch.claim JOIN claimbatch.worker w"
                f" ON w.id=open_worker WHERE open_intent AND NOT ended AND pid IN ({', '.join(map(str, pids))})"))

    def send_again(self, host):
        """What nobody is sending, and what somebody has settled."""
        for name in ("one", "other"):
            host.type(*host.upload(f"{name}-{self.day}.csv"))

    def wait_for_moment(self):
        until = time.monotonic() + 1
        lines = len(self.box.journal) + self.rng.randint(1, ROWS[1] // 2)
        while time.monotonic() < until and len(self.box.journal) < lines:
            time.sleep(0.005)

    def work(self, host, claims):
        """As systemd: again after a moment, until it has ended by itself; elsewhere, where the host is dead."""
        until = time.monotonic() + DAY_SECONDS
        while time.monotonic() < until:
            host.is_up.wait(DAY_SECONDS)
            if host.is_dead:
                host = next(other for other in self.hosts if not other.is_dead)
            try:
                code = host.type(*host.upload(claims)).code
            except AssertionError as error:
                self.found.append(f"{host.name}: {claims}: {error}")
                return
            if code in USUAL:
                return
            if code not in AGAIN + self.allowed:
                self.found.append(f"{host.name}: {claims}: exit {code}: {host.words[-1][-600:]}")
                return
            time.sleep(0.3)
        self.found.append(f"{host.name}: {claims}: no end within {DAY_SECONDS} s: {host.words[-1][-600:]}")

    # ---- what a person does ----

    def is_unsettled(self):
        (count,), = self.database.query(
            "SELECT count(*) FROM claimbatch.claim WHERE open_call IS NOT NULL AND NOT open_intent")
        return count != "0"

    def settle(self, host):
        """The list for the support, filled in with what the gateway knows; all of its reports that have rows to
        settle. Those in quarantine are refused, and left for later."""
        for name in sorted(name for name in os.listdir(host.ws.path) if name.endswith(".report.csv")):
            with open(host.ws.file(name), encoding="utf-8-sig") as file:
                if "unknown" not in file.read():
                    continue
            listed = host.type("resolve", name, *host.place()[:4], "-o", "list.csv", "--overwrite")
            if listed.code != 3:
                continue
            at = len(self.journal())
            words = office.fill_list(host.ws, self.box.journal)
            result = host.type("resolve", name, *host.place()[:4], "--from", "list.csv", *WORDS)
            if result.code in (0, 3):
                self.said += [(at, key) for key in words]

    def await_end_of_quarantine(self):
        (seconds,), = self.database.query(
            "SELECT coalesce(max(extract(epoch FROM settle_from-clock_timestamp())), 0) FROM claimbatch.claim"
            " WHERE open_call IS NOT NULL")
        time.sleep(min(max(0, float(seconds)), 3 * WINDOW_S))

    def finish(self):
        """All is settled; then one more upload ends well, and another sends nothing."""
        host = self.hosts[0]
        last = [f"{name}-{self.day}.csv" for name in ("one", "other")]
        for _ in range(10):
            before = len(self.journal())
            codes = [host.type(*host.upload(claims)).code for claims in last]
            if not any(code in (3, *AGAIN) for code in codes) and self.sent_since(before) == 0:
                return
            self.await_end_of_quarantine()
            for each in self.hosts:
                self.settle(each)
        self.found.append(f"row -: no end: exit {codes}: {host.words[-1][-600:]}")

    def sent_since(self, before):
        return sum(entry.get("claim") is not None for entry in self.journal()[before:])


def gateway_options(rng):
    return ("--latency", f"0..{rng.choice(LATENCIES_MS)}", "--seed", rng.randrange(10**6), *rng.choice(FAULTS))


class Campaign:
    def __init__(self, options, score):
        self.options, self.score = options, score
        self.is_long = options.long or bool(options.accident)
        self.accidents = [name for name in ACCIDENTS if self.is_long or name not in LONG_ONES]
        self.counts = dict.fromkeys(COUNTS, 0)

    def attempt(self, name, days):
        rng = random.Random(f"{self.options.seed}/{name}")
        workspaces = [Workspace() for _ in range(3)]
        in_flight, rate = rng.choice((4, 16, 64)), rng.choice(LOW_RATES if self.is_long else RATES)
        options = ("-c", in_flight, "--timeout", 2, "--outage-patience", 30, "--rate", rate, "-q",
                   "--max-changed", 1000)
        hosts, found, journal, happened = [], [], [], []
        try:
            with Database() as database, Sandbox(workspaces[0], *gateway_options(rng)) as box:
                journal = box.journal
                try:
                    for number, workspace in enumerate(workspaces):
                        hosts.append(Host(f"host {number}", workspace, database, box, options))
                    one = Trial(rng, database, box, hosts, rate, in_flight)
                    happened = one.happened
                    found = one.run(days, self.choose)
                    self.count(database, one)
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

    def choose(self, one):
        """One by which a host is replaced, until one was; another command of the same host may be faster."""
        if self.options.accident:
            return self.options.accident
        return one.rng.choices(self.accidents, k=one.rng.choice((1, 1, 2))) if one.has_takeover() else ("suspend",)

    def count(self, database, one):
        """Who was killed is fenced by its own host, when that comes up; a takeover is what another one does."""
        (fences, takeovers, late), = database.query(
            "SELECT count(*), count(*) FILTER (WHERE b.place<>w.place),"
            " (SELECT count(*) FROM claimbatch.late_answer) FROM claimbatch.worker w"
            " LEFT JOIN claimbatch.worker b ON b.id=w.fenced_by WHERE w.fenced")
        more = zip(self.counts, (
            one.day, int(fences), int(takeovers), database.failovers, int(late), one.nemesis.pauses, one.nemesis.ghosts,
            sum(bool(entry.get("fault")) for entry in one.box.journal)))
        for name, number in more:
            self.counts[name] += number

    def points(self):
        """Trials until there were so many days."""
        wanted = self.options.days or (LONG if self.options.long else SHORT)
        for number, done in enumerate(range(0, wanted, DAYS), 1):
            if self.options.only in (None, str(number)):
                yield str(number), min(DAYS, wanted - done)

    def say(self):
        self.score.progress(", ".join(f"{number} {name}" for name, number in self.counts.items()))

    def run(self):
        for _ in self.score.sweep(self.attempt, list(self.points()), every=10):
            if self.options.long:
                self.say()
        self.say()
        # Else it has shown little.
        if not self.counts["takeovers"] and not self.options.accident and not self.score.failed:
            self.score.add("takeovers", ["row -: no host was replaced by another"])


def use_short_programs():
    """What they are built beside: the release."""
    folder = os.path.join(os.path.dirname(trial.RELEASED), "tests")
    os.environ["CLAIMBATCH"] = os.path.join(folder, "claimbatch_short")
    os.environ["CLAIMBATCH_SANDBOX"] = os.path.join(folder, "sandbox_short")


def check_programs():
    said = subprocess.run([os.environ["CLAIMBATCH"], "status", "--ledger", "postgresql://"],
                          stderr=subprocess.PIPE, text=True, check=False).stderr
    if "built without PostgreSQL" in said:
        raise Missing("built without PostgreSQL (Debian: libpq-dev)")
    find_folder()


def main():
    enter_own_mounts()
    options, score = trial.begin(
        __doc__,
        days={"type": int, "help": f"so many days ({SHORT}, long {LONG})"},
        accident={"action": "append", "choices": ACCIDENTS, "help": "this one alone; may be repeated"},
    )
    use_short_programs()
    if not has_own_mounts():
        ACCIDENTS.remove("fill_disk")
    try:
        check_programs()
    except Missing as reason:
        print(f"skipped: {reason}")
        score.end(skipped=1)
    with preload("campaigns/pause.c") as library:
        os.environ[PAUSE] = library
        Campaign(options, score).run()
    score.end()


if __name__ == "__main__":
    main()
