#!/usr/bin/env python3
"""Lets every allocation and every file system call fail in turn.

A 12-row run is traced once by the shim; then each of its allocations, and each of its calls on files
with ENOSPC and with EIO, gets a trial in which that one call fails, and one in which it and all later
ones of its kind fail. Also the whole disk full from some call on. The run must end with a message
and an exit code of the contract and not by a signal, the ledger must be whole, and where a sync
failed nothing new may be sent. The same command, undisturbed, must then complete the run, and the
oracle must find nothing.

  faults.py        every 149th point, as in the tests
  faults.py --all  every point (--only alloc or files for one half)

Needs CLAIMBATCH (or CLAIMBATCH_RELEASE), CLAIMBATCH_SANDBOX and a C compiler. The last line counts
the points.
"""

import concurrent.futures
import errno
import os
import threading

import trial

ALLOCATIONS = "malloc+calloc+realloc"
FILES = (
    "open read pread write pwrite fsync fdatasync ftruncate fallocate rename unlink mkdir fchmod"
    " flock fstat stat statvfs mmap close"
).split()
# What asks the disk for room.
ROOM = "open+write+pwrite+ftruncate+fallocate+mkdir+rename"
SYNCS = ("fsync", "fdatasync")
IN_FLIGHT = 2
ROWS = 12

# Of a run that could not do its work: input, resources, cannot create or write, locked, or refused.
CLEAR = (65, 66, 69, 70, 71, 73, 74, 75, 78)


def open_trial():
    rows = [trial.claim_row(number) for number in range(1, ROWS)]
    rows.append(dict(rows[2], claim_fee="999"))
    return trial.Trial(rows, IN_FLIGHT, "--retries", 1, "--timeout", 5)


def read_log(path):
    with open(path, encoding="utf-8") as file:
        return [line.split(" ") for line in file]


def count_calls(shim):
    """How many allocations an undisturbed run makes, and how often it calls each function."""
    with open_trial() as one:
        log = one.workspace.file("calls.log")
        one.go_on(LD_PRELOAD=shim, CAMPAIGN_LOG=log)
        lines = read_log(log)
    names = [words[0] for words in lines]
    return int(lines[-1][1]), {name: names.count(name) for name in FILES if name in names}


def alloc_points(count):
    for number in range(1, count + 1):
        for what in ("fail", "fail-on"):
            yield ALLOCATIONS, number, what, errno.ENOMEM


def file_points(counts):
    for name, count in counts.items():
        for number in range(1, count + 3):
            for what in ("fail", "fail-on"):
                for cause in (errno.ENOSPC, errno.EIO):
                    yield name, number, what, cause
    for number in range(1, sum(counts.get(name, 0) for name in ROOM.split("+")) + 3):
        yield ROOM, number, "fail-on", errno.ENOSPC


def check_end(one):
    """A clear end: by itself, with a code of the contract, and words."""
    said = one.result.err.strip()
    if one.code < 0:
        return [f"row -: ended by signal {-one.code}: {said[-300:]}"]
    if one.code in trial.ORDERLY:
        return []
    if one.code not in CLEAR:
        return [f"row -: ended with {one.code}: {said[-300:]}"]
    if not said:
        return [f"row -: exit {one.code} without a word"]
    return []


def check_sync(name, log):
    """After a sync that failed only what had its intent before may still leave."""
    lines = read_log(log)
    hits = [at for at, words in enumerate(lines) if words[0] == name and words[2:3] == ["HIT"]]
    if not hits or "ledger" not in lines[hits[0]][-1]:
        return []
    sends = sum(words[0] == "send" for words in lines[hits[0] :])
    if sends > 2 * IN_FLIGHT:
        return [f"row -: {sends} requests left after a sync of the ledger had failed"]
    return []


def try_point(shim, point, score, lock):
    name, number, what, cause = point
    label = f"faults-{name.replace('+', '.')}-{number}-{what}-{errno.errorcode[cause]}"
    with open_trial() as one:
        # The log's own calls are none of the program's, but they are slow: only where it is read.
        env = {"CAMPAIGN_LOG": one.workspace.file("calls.log")} if name in SYNCS else {}
        one.ended(
            one.start(
                LD_PRELOAD=shim,
                CAMPAIGN_HIT=f"{name}:{number}",
                CAMPAIGN_DO=what,
                CAMPAIGN_ERRNO=str(cause),
                **env,
            ),
            30,
        )
        found = check_end(one) + trial.check_ledger(one.workspace.ledger)
        code = one.code
        if env:
            found += check_sync(name, env["CAMPAIGN_LOG"])
        # What had its intent when the run ended with an error may be unknown, as after a kill.
        one.kills = 1
        found = found + (one.go_on() or one.judge())
        with lock:
            one.score(score, label, [f"(exit {code}) {text}" for text in found])
    return code


def attempt(shim, point, score, lock):
    try:
        return try_point(shim, point, score, lock)
    except Exception as error:  # a run that hangs is a violation too
        with lock:
            score.add(f"faults {point}", [f"{type(error).__name__}: {error}"])
        return None


def main():
    options = trial.arguments(
        __doc__,
        all={"action": "store_true", "help": "every point"},
        every={"type": int, "default": 149, "help": "every N-th point (149)"},
        only={"choices": ("alloc", "files"), "help": "one half of the points"},
        jobs={"type": int, "default": 2, "help": "trials at a time (2)"},
    )
    trial.use_release_build()
    shim = trial.build_shim()
    score = trial.Score(options.evidence)
    lock = threading.Lock()
    allocations, counts = count_calls(shim)
    print(f"{allocations} allocations, {counts}")
    chosen = list(alloc_points(allocations)) if options.only != "files" else []
    if options.only != "alloc":
        chosen += file_points(counts)
    if not options.all:
        chosen = chosen[options.seed % options.every :: options.every]
    codes = {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, code in enumerate(
            pool.map(lambda point: attempt(shim, point, score, lock), chosen), 1
        ):
            codes[code] = codes.get(code, 0) + 1
            if number % 500 == 0:
                score.progress(f"{number} of {len(chosen)} points")
    score.progress(f"{len(chosen)} points; exit codes {codes}")
    os.unlink(shim)
    os.rmdir(os.path.dirname(shim))
    score.end()


if __name__ == "__main__":
    main()
