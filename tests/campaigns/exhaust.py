#!/usr/bin/env python3
"""SIGKILL before, in and after every call that changes a file or sends, one call at a time.

A 20-row run is traced once by the shim; then each of its calls gets trials of its own, in which the
program is killed before that call, after it, and, where it moves bytes, when half of them are
through. The same command follows until it is done, and the oracle judges. The same again for a run
that resumes: the first start is killed in its middle, the second one at every call.

  exhaust.py        every 23rd point, as in the tests
  exhaust.py --all  every point

Needs CLAIMBATCH (or CLAIMBATCH_RELEASE), CLAIMBATCH_SANDBOX and a C compiler. The last line counts
the points.
"""

import concurrent.futures
import os
import threading

import trial

CALLS = "open write pwrite fsync fdatasync ftruncate fallocate rename unlink mkdir fchmod send".split()
TORN = ("write", "pwrite", "send")
IN_FLIGHT = 4
ROWS = 20
# Where the first start of a resumed run is killed: one request more than the in-flight limit is out.
MIDDLE = {"CAMPAIGN_HIT": "send:10", "CAMPAIGN_DO": "kill-after"}


def rows():
    """Twenty rows, with a claim twice, a changed one, and an invalid one."""
    found = [trial.claim_row(number) for number in range(1, ROWS - 2)]
    found.append(dict(found[2]))
    found.append(dict(found[5], claim_fee="999"))
    found.append(trial.claim_row(ROWS, claim_fee="0"))
    return found


def open_trial():
    return trial.Trial(
        rows(), IN_FLIGHT, "--retries", 1, sandbox=["--fault", "code-1=10%", "--fault", "reject=10%"]
    )


def count_calls(shim, resumed):
    """How often each function is called by the start that is to be killed."""
    with open_trial() as one:
        log = one.workspace.file("calls.log")
        if resumed:
            one.ended(one.start(LD_PRELOAD=shim, **MIDDLE))
        one.go_on(LD_PRELOAD=shim, CAMPAIGN_LOG=log)
        with open(log, encoding="utf-8") as file:
            names = [line.split(" ", 1)[0] for line in file]
    return {name: names.count(name) for name in CALLS if name in names}


def points(counts, resumed):
    """Two calls more than were counted: threads do not take the same turns each time."""
    for name, count in counts.items():
        for number in range(1, count + 3):
            for what in ("before", "torn", "after") if name in TORN else ("before", "after"):
                yield resumed, name, number, what


def try_point(shim, point, score, lock):
    resumed, name, number, what = point
    label = f"exhaust-{'resume' if resumed else 'first'}-{name}-{number}-{what}"
    with open_trial() as one:
        if resumed:
            one.ended(one.start(LD_PRELOAD=shim, **MIDDLE))
        by_itself = one.ended(
            one.start(LD_PRELOAD=shim, CAMPAIGN_HIT=f"{name}:{number}", CAMPAIGN_DO=f"kill-{what}")
        )
        found = []
        if by_itself and one.code not in trial.ORDERLY:
            found = [f"row -: the command ended with {one.code}: {one.result.err.strip()[-300:]}"]
        found = found or one.go_on() or one.judge()
        with lock:
            one.score(score, label, found)
        return not by_itself


def main():
    options = trial.arguments(
        __doc__,
        all={"action": "store_true", "help": "every point"},
        every={"type": int, "default": 23, "help": "every N-th point (23)"},
        jobs={"type": int, "default": 2, "help": "trials at a time (2)"},
    )
    trial.use_release_build()
    shim = trial.build_shim()
    score = trial.Score(options.evidence)
    lock = threading.Lock()
    chosen = []
    for resumed in (False, True):
        counts = count_calls(shim, resumed)
        print("resumed:" if resumed else "first:  ", counts)
        chosen += points(counts, resumed)
    if not options.all:
        chosen = chosen[options.seed % options.every :: options.every]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        killed = 0
        for number, struck in enumerate(
            pool.map(lambda point: try_point(shim, point, score, lock), chosen), 1
        ):
            killed += struck
            if number % 250 == 0:
                score.progress(f"{number} of {len(chosen)} points")
    score.progress(f"{killed} of {len(chosen)} points were reached")
    if killed < len(chosen) * 0.8:
        score.add("exhaust", [f"only {killed} of {len(chosen)} starts were killed"])
    os.unlink(shim)
    os.rmdir(os.path.dirname(shim))
    score.end()


if __name__ == "__main__":
    main()
