#!/usr/bin/env python3
"""Lets every allocation and every file system call fail in turn.

A command about a 20-row export is traced once by the shim: the first upload of a folder, that of a second
day, which moves the report of the first one aside, an import, a rerun, a resolve, and a prune. Then each
of its allocations (those of libraries too), and each of its calls on files with ENOSPC and with EIO, gets a trial
in which that one call fails, and one in which it and all later ones of its kind fail. Also: the whole disk
full from some call on, and no further threads. The run must end by itself, with a message and an exit code
of the contract, without a word of a sanitizer; the ledger must be whole; where a sync failed the run must
have stopped, with nothing on the wire that had no intent before. The same command, undisturbed, must then
complete the run, and the oracle must find nothing. Each lock of the ledger is refused once, too, as where
another process holds it for that moment: that must change nothing.

Short: a sample of the points. Long: all of them. The start that meets the fault is of the program with
sanitizers; with --released it is the other one.
"""

import errno
import os
import random

import kinds
import trial

ALLOCATIONS = "malloc+calloc+realloc"
FILES = (
    "open read pread write pwrite fsync fdatasync syncfs ftruncate fallocate rename link unlink mkdir fchmod"
    " flock lock fstat stat access realpath statvfs mmap close"
).split()
# What asks the disk for room.
ROOM = "open+write+pwrite+ftruncate+fallocate+mkdir+rename"
SYNCS = ("fsync", "fdatasync", "syncfs")
CAUSES = ("ENOSPC", "EIO")
# Of a lock that another process holds at that moment, and not at the next one.
HELD = "EAGAIN"
IN_FLIGHT = 2
ROWS = 20
SPARE = 2
# The short form: so many of each half of the points of a kind; and of each function at least so many.
SHORT = {"first": 12, "second": 10, "import": 5, "rerun": 7, "resolve": 5, "prune": 5}
EACH = {"first": 2, "second": 2}
# … of locks that are held for a moment; and the first ones of an import, which makes a ledger: where that
# is opened SQLite does not wait by itself everywhere.
HELD_SHORT, HELD_OPENING = 2, 8
# A lock that cannot be taken is waited for: with more of these points the campaign would do little else.
LOCKS_EVERY = 16

# A run that meets the fault has ended by then. Locks of the ledger that fail are tried for 10 s each time,
# and that may be three times.
END_SECONDS = 45

# Of a run that could not do its work: input, resources, cannot create or write, locked, or refused.
CLEAR = (65, 66, 69, 70, 71, 73, 74, 75, 78)


def open_trial(kind="first", batch=1):
    rows = [trial.claim_row(number) for number in range(1, ROWS)]
    rows.append(dict(rows[2], claim_fee="999"))
    return kinds.KINDS[kind](rows, IN_FLIGHT, "--retries", 1, "--timeout", 5, batch=batch)


def sanitizer_options(shim):
    """The shim has to come before the sanitizer, and where one allocation fails others may be lost in
    libraries: leaks are not what is looked for."""
    return {
        "LD_PRELOAD": shim,
        "ASAN_OPTIONS": "exitcode=99:detect_leaks=0:verify_asan_link_order=0",
    }


def alloc_points(count):
    for number in range(1, count + 1):
        for how in ("fail", "fail-on"):
            yield ALLOCATIONS, number, how, "ENOMEM"


def file_points(counts):
    for name in FILES:
        for number in range(1, counts[name] + SPARE + 1 if name in counts else 0):
            for how in ("fail", "fail-on"):
                if name == "lock" and how == "fail-on" and number % LOCKS_EVERY:
                    continue
                for cause in CAUSES:
                    yield name, number, how, cause
    for number in range(1, sum(counts.get(name, 0) for name in ROOM.split("+")) + SPARE + 1):
        yield ROOM, number, "fail-on", "ENOSPC"
    for number in range(1, counts.get("thread", 0) + 1):
        yield "thread", number, "fail", "EAGAIN"


def held_points(counts):
    for number in range(1, counts.get("lock", 0) + 1):
        yield "lock", number, "fail", HELD


def check_end(one):
    """A clear end: by itself, with a code of the contract, and words."""
    said = one.result.err.strip()
    if one.code in trial.ORDERLY:
        return []
    if one.code < 0:
        return [f"row -: ended by signal {-one.code}: {said[-300:]}"]
    if one.code not in CLEAR:
        return [f"row -: ended with {one.code}: {said[-300:]}"]
    if not said:
        return [f"row -: exit {one.code} without a word"]
    return []


def check_waited(one):
    """Who holds a lock for a moment is waited for."""
    if one.code in trial.ORDERLY:
        return []
    said = one.result.err.strip()
    return [f"row -: exit {one.code}, though the lock was held for one moment only: {said[-300:]}"]


def struck(calls, name):
    """Where in the log the first failing call stands, with what it was about; or None."""
    for at, words in enumerate(calls):
        if words[0] in name.split("+") and words[2:3] == ["HIT"]:
            return at, words[-1]
    return None


def was_synced(calls, name, log):
    """Whether the log was synced since anything of consequence was written to it: before it is carried over,
    and when the ledger is closed, it is synced once more, at most with one frame of no consequence
    (src/ledger/store/checkpoint.c), which is its head and a page."""
    touched = [words[0] for words in calls if words[-1] == log and words[0] in (name, "pwrite")]
    return name in touched and touched[::-1].index(name) <= 2


def check_sync(one, calls, name):
    """A sync that failed stops the run, and only what had its intent before may still leave. When report
    and manifest have their names the run is over: closing the ledger may fail then, its log is kept."""
    hit = struck(calls, name)
    if not hit:
        return []
    at, path = hit
    # SQLite syncs the folder of a new log in this way, and does not look whether that went well.
    if name == "fdatasync" and os.path.isdir(path):
        return []
    if sum(words[0] == "rename" for words in calls[:at]) >= 2:
        return []
    # What has no report is over when its last transaction is in the log, which stays where it cannot be
    # carried over into the file, or where that cannot be noted (LEDGER.lock).
    later = [words for words in calls[at + 1 :] if words[0] == name and words[-1].endswith("-wal")]
    log = path.removesuffix("-wal").removesuffix(".lock") + "-wal"
    if one.has_no_report and (was_synced(calls[:at], name, log) or (path.endswith(".db") and not later)):
        return []
    # A prune has ended before it makes the file smaller, and says where it could not.
    if "the file keeps its size" in one.result.out:
        return []
    found = []
    if one.code in trial.ORDERLY:
        found.append(f"row -: exit {one.code}, though {name} of {os.path.basename(path)} had failed")
    sends = sum(words[0] == "send" for words in calls[at:])
    if sends > 2 * one.in_flight:
        found.append(f"row -: {sends} requests left after {name} had failed")
    return found


def is_lost_answer(violation):
    """An answer that there was no memory or no descriptor for makes its row unknown."""
    return violation.endswith("and was answered well") and any(
        f"unknown {code}" in violation for code in ("CLIENT_FAILED", "ANSWER_MALFORMED")
    )


class Campaign:
    def __init__(self, options, score, shim):
        self.options, self.score = options, score
        self.binary = trial.RELEASED if options.released else trial.SANITIZED
        self.env = sanitizer_options(shim)

    def points(self):
        """(label, kind, function, number, how, cause)"""
        chosen = (self.options.only or "").partition("-")[0]
        return [
            point
            for kind in kinds.KINDS
            if not self.options.only or kind == chosen
            for point in self.points_of(kind)
        ]

    def points_of(self, kind):
        counts, alloc_count = self.trace(kind)
        allocations, files = list(alloc_points(alloc_count)), list(file_points(counts))
        print(f"{kind}: {len(allocations)} points at allocations, {len(files)} at files, {counts}")
        held = list(held_points(counts))
        points = self.choose(kind, held, HELD_SHORT)
        if kind == "import":
            points = held[:HELD_OPENING] + [point for point in points if point not in held[:HELD_OPENING]]
        if not self.options.held and self.options.skip != "allocations":
            points += self.choose(kind, allocations, SHORT[kind])
        if not self.options.held and self.options.skip != "files":
            points += self.choose(kind, files, SHORT[kind])
        named = [("-".join(map(str, (kind, *point))), kind, *point) for point in points]
        return [point for point in named if self.options.only in (None, point[0])]

    def trace(self, kind):
        """How often the command calls each function, and how often it allocates."""
        with open_trial(kind, self.options.batch) as one:
            one.prepare()
            log = one.workspace.file("calls.log")
            one.ended(one.start(self.binary, CAMPAIGN_LOG=log, **self.env))
            calls = trial.read_calls(log)
        names = [words[0] for words in calls]
        return {name: names.count(name) for name in set(names)}, int(calls[-1][1])

    def choose(self, kind, points, short):
        """All of them, or as many as are wanted; of each function some."""
        all_of_them = self.options.long or self.options.held
        wanted = self.options.points or (len(points) if all_of_them else short)
        if wanted >= len(points) or self.options.only:
            return points
        rng = random.Random(f"{self.options.seed}/{kind}")
        of_name = {}
        for point in points:
            of_name.setdefault(point[0], []).append(point)
        each, chosen = EACH.get(kind, 1), []
        for of_one in of_name.values():
            chosen += rng.sample(of_one, min(len(of_one), each))
        is_slow = {point for point in points if point[0] == "lock" and point[-1] != HELD}
        rest = [point for point in points if point not in is_slow.union(chosen)]
        return chosen + rng.sample(rest, max(0, wanted - len(chosen)))

    def attempt(self, label, *point):
        """The exit code of the start that met the fault."""
        try:
            return self.meet(self.binary, label, *point)
        except AssertionError as error:
            # The sanitizer cannot begin a thread itself without memory.
            if "AddressSanitizer: CHECK failed" not in str(error):
                raise
            return self.meet(trial.RELEASED, label, *point)

    def meet(self, binary, label, kind, name, number, how, cause):
        with open_trial(kind, self.options.batch) as one:
            one.prepare()
            # The log's own calls are none of the program's, but they are slow: only where it is read.
            log = one.workspace.file("calls.log") if name in SYNCS else None
            run = one.start(
                binary,
                CAMPAIGN_HIT=f"{name}:{number}",
                CAMPAIGN_DO=how,
                CAMPAIGN_ERRNO=str(getattr(errno, cause)),
                CAMPAIGN_LOG=log,
                **self.env,
            )
            one.ended(run, END_SECONDS)
            code = one.code
            found = check_waited(one) if name == "lock" and cause == HELD else check_end(one)
            found += one.check_kept() + trial.check_ledger(one.workspace.ledger)
            if log:
                found += check_sync(one, trial.read_calls(log), name)
            # What had its intent when the run ended with an error may be unknown, as after a kill.
            one.kills = 1
            found += one.go_on() or one.judge()
            found = [text for text in found if not is_lost_answer(text)]
            one.score(self.score, label, [f"(exit {code}) {text}" for text in found])
            return code


class Checkpoint:
    """The ledger's log is carried over into its file every some thousand pages: a sync that fails then
    stops the run like any other."""

    ROWS = 3000

    def __init__(self, score, shim):
        self.score = score
        self.env = {"LD_PRELOAD": shim, "CAMPAIGN_PATH": "/ledger.db"}

    def open_trial(self):
        return trial.Trial([trial.claim_row(n) for n in range(1, self.ROWS + 1)], 2 * IN_FLIGHT)

    def first_in_run(self):
        """The number of the first sync of the file after the first request; None if there is none."""
        with self.open_trial() as one:
            log = one.workspace.file("calls.log")
            one.go_on(CAMPAIGN_LOG=log, **self.env)
            names = [words[0] for words in trial.read_calls(log)]
        sent = names.index("send")
        before = names[:sent].count("fdatasync")
        during = names[sent : names.index("rename", sent)].count("fdatasync")
        return before + 1 if during else None

    def attempt(self, label, how):
        number = self.first_in_run()
        with self.open_trial() as one:
            log = one.workspace.file("calls.log")
            run = one.start(
                CAMPAIGN_HIT=f"fdatasync:{number}", CAMPAIGN_DO=how, CAMPAIGN_LOG=log, **self.env
            )
            one.ended(run)
            found = [] if number else ["row -: the ledger was never carried over"]
            found += check_end(one) + check_sync(one, trial.read_calls(log), "fdatasync")
            one.kills = 1
            one.score(self.score, label, found + (one.go_on() or one.judge()))
            return one.code


def main():
    options, score = trial.begin(
        __doc__,
        released={"action": "store_true", "help": "no sanitizers: faster"},
        points={"type": int, "help": f"so many of each half of the points of a kind (short: {SHORT})"},
        held={"action": "store_true", "help": "only locks that are held for a moment, all of them"},
        batch={"type": int, "default": 1, "metavar": "N", "help": "claims a call (1)"},
        skip={"choices": ("allocations", "files"), "help": "leave out these points"},
    )
    codes = {}
    with trial.shim() as shim:
        campaign = Campaign(options, score, shim)
        for code in score.sweep(campaign.attempt, campaign.points()):
            codes[code] = codes.get(code, 0) + 1
        checkpoints = [("checkpoint-fail", "fail"), ("checkpoint-fail-on", "fail-on")]
        list(
            score.sweep(
                Checkpoint(score, shim).attempt,
                [point for point in checkpoints if options.only in (None, point[0])],
            )
        )
    score.progress(f"exit codes {codes}")
    if len(codes) < 3 and not options.only and not options.held:
        score.add("codes", [f"row -: the faults had no effect: {codes}"])
    score.end()


if __name__ == "__main__":
    main()
