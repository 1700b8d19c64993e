#!/usr/bin/env python3
"""SIGKILL before, in and after every call that changes a file or sends, one call at a time.

A 20-row run is traced once by the shim. Then each of its calls gets trials of its own, in which the
program is killed before that call, after it, and, where it moves bytes, when half of them are through.
The same again for starts that go on with a run: the first start is killed at one call, the second one at
every call. The same command follows until it is done, and the oracle judges.

There are six kinds of commands: the first upload of a folder; that of a second day, which moves the report
of the first one aside; an import; a rerun; a resolve; and a prune. After every kill the ledger must be in
order by the program's own word. After some the same command comes with another ledger before: it must be
refused if anything has left. In further trials SIGTERM comes before a call of any function: the start must
end by itself, by that or as if nothing had been.

The shim kills from within the program; a sample of the points is tried again by strace, which kills at the
system call itself. Short: a sample of the points. Long: all of them, the resumed ones for every
N-th call of the first start.
"""

import os
import random
import shutil

import kinds
import trial

CALLS = "open write pwrite fsync fdatasync ftruncate fallocate rename link unlink mkdir fchmod send".split()
TORN = ("write", "pwrite", "send")
# The same as the kernel knows them, and how many of them a thread makes. sendto is what send becomes.
SYSTEM_CALLS = {
    "files": (
        "write,pwrite64,writev,fsync,fdatasync,ftruncate,fallocate,rename,renameat2,link,unlink,"
        "mkdir,fchmod",
        150,
    ),
    "sends": ("sendto,sendmsg", 20),
}
IN_FLIGHT = 4
ROWS = 20
# The short form: of each kind so many starts; resumed ones, signals, and points of strace.
SHORT = {"first": 30, "second": 40, "import": 6, "rerun": 10, "resolve": 6, "prune": 6}
SHORT_RESUMED, SHORT_STOPS, SHORT_STRACE = 30, 20, 10
# Of these the short form takes its second days and prunes: the files that are new with the days, and
# those by which a lost log is known.
NEW_FILES = (".started.json", "claims.report.", ".lock", "ledger.db-wal")
# Calls before which a signal comes, beside those above.
READING = "open read pread stat fstat access realpath flock lock statvfs close".split()
# How often another ledger comes after a kill, and how often a file system of the old kind is there.
OTHER_HOME, OLD = 0.3, 0.2
LONG_STRACE = 300
# Threads do not take the same turns each time: some calls more than were counted.
SPARE = 2
# Where the first start of a traced resume is killed: one request more than the in-flight limit is out.
MIDDLE = ("send", 10, "after")


def rows():
    """Twenty rows, with a claim twice, a changed one, and an invalid one."""
    found = [trial.claim_row(number) for number in range(1, ROWS - 2)]
    found.append(dict(found[2]))
    found.append(dict(found[5], claim_fee="999"))
    found.append(trial.claim_row(ROWS, claim_fee="0"))
    return found


def hit(shim, call, number, how):
    """The environment in which a start is killed there, or asked to stop."""
    action = "stop-before" if how == "stop" else f"kill-{how}"
    return {"LD_PRELOAD": shim, "CAMPAIGN_HIT": f"{call}:{number}", "CAMPAIGN_DO": action}


class Campaign:
    def __init__(self, options, score, shim):
        self.options, self.score, self.shim = options, score, shim
        self.rng = random.Random(options.seed)

    def open_trial(self, label="", kind="first"):
        """Some of them meet a fault after which a row is tried again; that takes its time. Which rows are
        struck depends on the seed and the claim alone."""
        again = label and random.Random(label).random() < 0.1
        faults = ["--fault", f"code-1={10 if again else 0}%", "--fault", "reject=10%"]
        return kinds.KINDS[kind](
            rows(), IN_FLIGHT, "--retries", 1, sandbox=[*faults, "--seed", self.options.seed]
        )

    def trace(self, kind, first=None):
        """The calls that the start makes which is to be killed: (function, its number, its file)."""
        with self.open_trial(kind=kind) as one:
            one.prepare()
            log = one.workspace.file("calls.log")
            if first:
                one.ended(one.start(**hit(self.shim, *first)))
            found = one.go_on(LD_PRELOAD=self.shim, CAMPAIGN_LOG=log)
            if found:
                raise AssertionError(found[0])
            return [
                (words[0], int(words[1]), words[-1])
                for words in trial.read_calls(log)
                if words[0] in CALLS + READING
            ]

    def kills(self, calls):
        """Every (function, number, how) at which a start can be killed."""
        for name in CALLS:
            count = sum(call[0] == name for call in calls)
            for number in range(1, count + SPARE + 1 if count else 0):
                for how in ("before", "torn", "after") if name in TORN else ("before", "after"):
                    yield name, number, how

    def new_kills(self, calls):
        """Those at the files that a second day is about."""
        new = {call[:2] for call in calls if any(part in call[2] for part in NEW_FILES)}
        return [kill for kill in self.kills(calls) if kill[:2] in new]

    def stops(self, calls):
        for name in CALLS + READING:
            for number in range(1, sum(call[0] == name for call in calls) + 1):
                yield name, number, "stop"

    def points(self):
        """(label, kind, kills): one kill for each start but the last."""
        if self.options.only:  # any point can be named
            kind, *kills = self.options.only.split("+")
            return [(self.options.only, kind, parse_kills(kills))]
        traces = {kind: self.trace(kind) for kind in kinds.KINDS}
        points = []
        for kind, calls in traces.items():
            points += [(kind, [kill]) for kill in self.choose(kind, calls)]
        points += self.resumed_points(traces)
        stops = [(kind, [stop]) for kind, calls in traces.items() for stop in self.stops(calls)]
        points += stops if self.options.long else self.rng.sample(stops, SHORT_STOPS)
        return [(label_of(kind, kills), kind, kills) for kind, kills in points]

    def choose(self, kind, calls):
        kills = list(self.kills(calls))
        if self.options.long:
            return kills
        if kind in ("second", "prune"):
            kills = self.new_kills(calls)
        return self.rng.sample(kills, min(len(kills), SHORT[kind]))

    def resumed_points(self, traces):
        """Starts that are killed after one that was killed before them."""
        found = []
        for kind in ("first", "second"):
            first, resumed = list(self.kills(traces[kind])), list(self.kills(self.trace(kind, MIDDLE)))
            if self.options.long:
                begun = [MIDDLE] + first[self.options.seed % self.options.every :: self.options.every]
                found += [(kind, [one, two]) for one in begun for two in resumed]
            else:
                for _ in range(SHORT_RESUMED // 2):
                    found.append((kind, [self.rng.choice(first), self.rng.choice(resumed)]))
        return found

    def attempt(self, label, kind, kills):
        """Whether the last of the kills struck."""
        rng = random.Random(f"{self.options.seed}/{label}")
        old = {"CAMPAIGN_OLD": "1"} if rng.random() < OLD else {}
        found = []
        with self.open_trial(label, kind) as one:
            one.prepare()
            for kill in kills:
                struck = self.strike(one, kill, old, found)
            if kills[-1][2] != "stop" and rng.random() < OTHER_HOME:
                found += one.check_other_home()
            one.score(self.score, label, found or one.go_on() or one.judge())
        return struck

    def strike(self, one, kill, old, found):
        """Whether the start was ended by it."""
        one.ended(one.start(**hit(self.shim, *kill), **old))
        # By SIGTERM before it is caught, and in order afterwards.
        how = (-15, 143) if kill[2] == "stop" else (-9,)
        if one.code not in how and one.code not in trial.ORDERLY:
            found.append(f"row -: ended with {one.code}: {one.result.err.strip()[-300:]}")
        found += one.check_kept() + trial.check_ledger(one.workspace.ledger)
        return one.code in how

    # ---- strace ----

    # A kill before the next call that changes something is a kill after the last one.

    def strace_points(self):
        """(label, set of calls, number, whether the first start was killed in its middle before)"""
        for i in range(LONG_STRACE if self.options.long else SHORT_STRACE):
            calls = self.rng.choice(("files", "files", "sends"))
            resumed = self.rng.random() < 0.3
            number = self.rng.randint(1, SYSTEM_CALLS[calls][1] // (2 if resumed else 1))
            yield f"strace-{calls}-{number}-{'resume' if resumed else 'second'}-{i}", calls, number, resumed

    def attempt_strace(self, label, calls, number, resumed):
        with self.open_trial(label, "first" if resumed else "second") as one:
            one.prepare()
            if resumed:
                one.ended(one.start(**hit(self.shim, *MIDDLE)))
            by_itself = one.ended(self.start_strace(one, SYSTEM_CALLS[calls][0], number))
            one.score(self.score, label, one.go_on() or one.judge())
            return not by_itself

    def start_strace(self, one, calls, number):
        """strace dies by the signal that its child died by."""
        strace = f"strace -f -qq -o /dev/null -e trace={calls} -e inject={calls}:signal=KILL:when={number}"
        one.starts += 1
        arguments = one.workspace.upload_arguments(one.sandbox, *one.options)
        script = f'exec {strace} "$0" "$@"'
        return one.workspace.start("-c", script, trial.RELEASED, *arguments, binary="/bin/sh")


def label_of(kind, kills):
    return "+".join([kind] + ["-".join(map(str, kill)) for kill in kills])


def parse_kills(words):
    kills = [word.split("-") for word in words]
    return [(name, int(number), how) for name, number, how in kills]


def why_not_strace():
    """Why it cannot be used here; None if it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    if os.system("strace -qq -o /dev/null -e inject=close:error=EIO:when=9999 true 2>/dev/null"):
        return "strace may not trace here"
    return None


def run_strace(campaign, score):
    """How many of its trials were skipped."""
    only = campaign.options.only
    points = [point for point in campaign.strace_points() if only in (None, point[0])]
    reason = why_not_strace()
    if reason:
        print(f"skipped {len(points)} kills by strace: {reason}")
        return len(points)
    struck = list(score.sweep(campaign.attempt_strace, points))
    score.progress(f"{sum(map(bool, struck))} of {len(points)} starts were killed by strace")
    if sum(map(bool, struck)) < len(points) / 2 and not campaign.options.only:
        score.add("strace", [f"row -: only {sum(map(bool, struck))} starts were killed"])
    return 0


def main():
    options, score = trial.begin(
        __doc__, every={"type": int, "default": 40, "metavar": "N", "help": "(40)"}
    )
    skipped = 0
    with trial.shim() as shim:
        campaign = Campaign(options, score, shim)
        if not (options.only or "").startswith("strace"):
            points = campaign.points()
            struck = sum(map(bool, score.sweep(campaign.attempt, points)))
            score.progress(f"{struck} of {len(points)} points were reached")
            if struck < len(points) * 0.5 and not options.only:
                score.add("points", [f"row -: only {struck} of {len(points)} were reached"])
        if not options.only or options.only.startswith("strace"):
            skipped = run_strace(campaign, score)
    score.end(skipped)


if __name__ == "__main__":
    main()
