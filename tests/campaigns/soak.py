#!/usr/bin/env python3
"""An office (office.py) that works without pause while everything goes wrong a little.

Each fault of the gateway comes with 1 %, the network is cut for 5 seconds every minute, a ban comes now and
then. Day after day an export is uploaded and killed, its open rows are settled, and beside it a run of
another export goes on over minutes on the same ledger. Every five minutes the ledger is replaced by an
older backup, and every seven the office goes on with another ledger; then the reports are imported. In the
end nothing may have left twice, every report must be true, and the long runs may not have grown in memory
or descriptors. Short: 1 minute, long: 30, or --minutes.
"""

import os
import random
import statistics
import threading
import time

import trial
from harness import Sandbox, Workspace
from office import USUAL, Office
from relay import Relay
from accident import Trial

SHORT, LONG = 1, 30
CUT_EVERY_S, CUT_S = 60, 5
RESTORE_EVERY_S, MOVE_EVERY_S = 300, 420
LONG_RATE = 20
# What a long run may have more at its end than after its first seconds: the ledger's cache of pages may
# fill in the meantime (CACHE_KIB of src/ledger/store/ledger_open.c, and a tenth for SQLite's own heads), and an
# answer of a megabyte may be in flight when it is looked at. All else is as large at the start.
CACHE_KIB, ANSWER_KIB = 8192, 1024
GROWTH_KIB_MAX, GROWTH_FILES_MAX = CACHE_KIB * 11 // 10 + ANSWER_KIB, 2
# A connection a call of 16 in flight, and a few that are just being made or looked up.
SOCKETS_MAX = 16 + 8
# Faults that end a run at once would leave nothing to soak.
CLASSES = ("unknown", "again", "rejected", "accepted", "outage", "ban")


def faults():
    return [name for name, kind in trial.sandbox_faults() if kind in CLASSES and not name.startswith("tls")]


class Network(threading.Thread):
    """Cuts the relay again and again until it is told to stop."""

    def __init__(self, relay):
        super().__init__()
        self.relay, self.cuts = relay, 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(CUT_EVERY_S - CUT_S if self.cuts else CUT_EVERY_S / 3):
            self.relay.cut()
            self.cuts += 1
            self.stopped.wait(CUT_S)
            self.relay.fix()


def rising(rows):
    """No row of a claim has a lower amount than one before it: the oracle tells their order by that."""
    highest = {}
    for row in rows:
        fee = max(int(row["claim_fee"]), highest.get(row["claim_order_no"], 0))
        if row["claim_status"] == "1":
            highest[row["claim_order_no"]] = fee
            row["claim_fee"] = str(fee)
    return rows


class LongRun:
    """A run of an export of its own; what it needs is looked at while it goes on."""

    def __init__(self, office, number, seconds):
        self.office = office
        self.name = f"long-{number}.csv"
        rows = trial.random_rows(
            office.rng, int(LONG_RATE * seconds), first=number * 10**6, repeats=0.05
        )
        office.ws.export(rising(rows), self.name)
        self.arguments = office.upload(self.name, "--rate", LONG_RATE)
        self.run = office.start(*self.arguments)
        self.samples = []
        self._watch = threading.Thread(target=self._sample)
        self._watch.start()

    def _sample(self):
        began = time.monotonic()
        process = f"/proc/{self.run.process.pid}"
        while self.run.is_alive():
            try:
                with open(process + "/status", encoding="ascii") as file:
                    status = dict(line.split(":", 1) for line in file if ":" in line)
                memory = int(status["VmRSS"].split()[0])
                kinds = [os.readlink(f"{process}/fd/{fd}") for fd in os.listdir(process + "/fd")]
                sockets = sum(kind.startswith("socket:") for kind in kinds)
                self.samples.append((time.monotonic() - began, memory, len(kinds) - sockets, sockets))
            except (OSError, KeyError):
                pass
            time.sleep(0.5)

    def end(self):
        """Stops it as a service manager does; a second command goes on with what is left."""
        self.run.send_signal(15)
        result = self.office.note(self.arguments, self.run.finish(120))
        self._watch.join()
        self.office.expect(result, (*USUAL, 143))

    def growth(self):
        """(KiB, files, most sockets): what the last third of its samples has more than the first, medians;
        and of sockets, whose number between two cuts of the network is chance, the most at any time.
        None where it was too short to tell."""
        usual = self.samples[len(self.samples) // 10 :]
        third = len(usual) // 3
        if third < 20:
            return None
        first, last = usual[:third], usual[-third:]
        memory, files = (
            statistics.median_low(s[i] for s in last) - statistics.median_low(s[i] for s in first)
            for i in (1, 2)
        )
        return memory, files, max(s[3] for s in self.samples)


class Soak:
    def __init__(self, office, minutes, network, score):
        self.office, self.network, self.score = office, network, score
        self.seconds = minutes * 60
        self.person = Trial(office, office.rng)
        self.long_runs = []
        self.restores = self.moves = 0

    def run(self):
        began = time.monotonic()
        due = {"restore": RESTORE_EVERY_S, "move": MOVE_EVERY_S}
        current = self.begin_long_run()
        while (now := time.monotonic() - began) < self.seconds:
            self.day()
            if now > due["restore"] or now > due["move"]:
                current.end()
                self.restore_or_move("restore" if now > due["restore"] else "move", due)
                current = self.begin_long_run()
            self.score.progress(f"{len(self.office.box.journal)} calls, {self.network.cuts} cuts")
        current.end()
        self.network.stopped.set()
        self.network.join()
        self.person.finish()
        return self.office.violations() + self.growths()

    def begin_long_run(self):
        run = LongRun(self.office, len(self.long_runs) + 1, RESTORE_EVERY_S)
        self.long_runs.append(run)
        return run

    def day(self):
        office = self.office
        office.begin_day(50)
        if office.rng.random() < 0.5:
            office.back_up()
        office.killed(*office.upload())
        office.expect(office.type(*office.upload(), seconds=300), USUAL)
        office.type(*office.upload(), home="home-c")  # somebody else types it too
        for report in office.reports()[-4:]:
            if not os.path.basename(report).startswith("long-"):
                office.resolve(report)

    def restore_or_move(self, what, due):
        office = self.office
        if what == "restore":
            due["restore"] += RESTORE_EVERY_S
            office.restore()
            self.restores += 1
        else:
            due["move"] += MOVE_EVERY_S
            office.home = "home-b" if office.home == "home-a" else "home-a"
            office.backups.clear()
            office.is_doubtful = True
            self.moves += 1
        office.learn()

    def growths(self):
        found = []
        for run in self.long_runs:
            growth = run.growth()
            if growth is None:
                continue
            words = "%+d KiB, %+d open files, at most %d sockets" % growth
            self.score.progress(f"{run.name}: {words}")
            if growth[0] > GROWTH_KIB_MAX or growth[1] > GROWTH_FILES_MAX or growth[2] > SOCKETS_MAX:
                found.append(f"row -: {run.name} grew by {words}")
        return found


def main():
    options, score = trial.begin(
        __doc__, minutes={"type": float, "help": f"how long ({SHORT}, long {LONG})"}
    )
    rng = random.Random(options.seed)
    minutes = options.minutes or (LONG if options.long else SHORT)
    settings = ["--seed", rng.randrange(10**6), "--latency", "0..20", "--ban-seconds", 2]
    for name in faults():
        settings += ["--fault", f"{name}={0.002 if name == 'ban' else 0.01}"]
    with Workspace() as ws:
        with Sandbox(ws, *settings) as box:
            relay = Relay(box.port)
            office = Office(ws, box, rng, 16, "--retries", 4, url=relay.url)
            network = Network(relay)
            network.start()
            try:
                found = Soak(office, minutes, network, score).run()
            except Exception as error:
                found = [f"row -: {type(error).__name__}: {error}"]
            finally:
                network.stopped.set()
                network.join()
                relay.close()
        score.add("1", found, ws, box.journal, "\n".join(office.words))
    score.end()


if __name__ == "__main__":
    main()
