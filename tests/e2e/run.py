#!/usr/bin/env python3
"""Runs all end-to-end tests. The last line is "N passed, N failed, N skipped".

usage: tests/e2e/run.py [--long] [--jitter MS] [-j N] [--times] [--part I/N | --but I/N] [WORD...]

WORDs choose the tests whose name holds one of them. The programs are found through the environment:
CLAIMBATCH, CLAIMBATCH_SANDBOX, and for the memory test CLAIMBATCH_RELEASE. Each test runs in one of N
processes (two more than there are processors: most of the time most tests wait) and is given a time; a
test that needs longer has failed. --jitter lets requests reach a gateway up to so many milliseconds late by
chance: what fails of it counts on an order of arrival that nothing promises. --part takes the tests of one of N
parts, by their names, --but those of all others.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import zlib

# Where the tests run in the background these may be ignored, and programs that are started inherit that.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 240
SECONDS_LONG = 3600
# Tests that take long begin first, so that no process is alone with one at the end.
FIRST = ("ten_thousand", "test_memory", "killed", "auto_rate", "refused_make_no", "stopped_is_replaced")


def names_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from names_of(part)
        else:
            yield part.id()


class Recorder(unittest.TestResult):
    """Keeps what there is to say of one test."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.skip_reason = None

    def addError(self, test, err):
        super().addError(test, err)
        self.said.append(self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.said.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            text = self._exc_info_to_string(err, test)
            self.said.append(f"in the round {subtest._subDescription()}:\n{text}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip_reason = reason


def serve():
    """The other side of Worker: a name comes, what became of it goes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a test prints must not look like an answer
    for name in sys.stdin:
        recorder = Recorder()
        began = time.monotonic()
        unittest.defaultTestLoader.loadTestsFromName(name.strip()).run(recorder)
        answer = {
            "said": recorder.said,
            "skipped": recorder.skip_reason,
            "seconds": time.monotonic() - began,
        }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Worker(threading.Thread):
    """One process that runs tests one after the other."""

    def __init__(self, names, report, seconds):
        super().__init__()
        self._names, self._report, self._seconds = names, report, seconds
        self._process = None

    def run(self):
        for name in iter(self._names, None):
            self._report(name, self._run_one(name))
        self._end()

    def _run_one(self, name):
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-B", os.path.join(HERE, "run.py"), "--serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=HERE,
                start_new_session=True,
            )
        watchdog = threading.Timer(self._seconds, self._kill)
        watchdog.start()
        try:
            self._process.stdin.write(name + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            watchdog.cancel()
            watchdog.join()
        if line:
            return json.loads(line)
        self._end()
        return {
            "said": [f"it took longer than {self._seconds} s, or its process died"],
            "skipped": None,
            "seconds": self._seconds,
        }

    def _kill(self):
        """Its session is its own: what the test had started ends with it."""
        os.killpg(self._process.pid, 9)

    def _end(self):
        if self._process is None:
            return
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._process = None


class Report:
    """Counts, and prints each failure when it happens."""

    def __init__(self, times):
        self._lock = threading.Lock()
        self._times = times
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.seconds = []

    def __call__(self, name, answer):
        with self._lock:
            self.seconds.append((answer["seconds"], name))
            if answer["said"]:
                self.failed += 1
                print(f"not ok {name}", *answer["said"], sep="\n", flush=True)
            elif answer["skipped"] is not None:
                self.skipped += 1
                print(f"skipped {name}: {answer['skipped']}", flush=True)
            else:
                self.passed += 1

    def print_end(self):
        if self._times:
            for seconds, name in sorted(self.seconds, reverse=True)[:25]:
                print(f"{seconds:8.1f} s  {name}")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")


def is_of_part(name, part):
    number, parts = map(int, part.split("/"))
    return zlib.crc32(name.encode()) % parts == number % parts


def choose(words, part, but):
    names = list(names_of(unittest.defaultTestLoader.discover(HERE)))
    chosen = [name for name in names if not words or any(word in name for word in words)]
    chosen = [name for name in chosen if not part or is_of_part(name, part)]
    chosen = [name for name in chosen if not but or not is_of_part(name, but)]
    return sorted(chosen, key=lambda name: not any(word in name for word in FIRST))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--jitter", type=int, default=0)
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--part")
    parser.add_argument("--but")
    parser.add_argument("-j", type=int, default=os.cpu_count() + 2)
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()

    sys.path.insert(0, HERE)
    if arguments.long:
        os.environ["CLAIMBATCH_E2E_LONG"] = "1"
    if arguments.jitter:
        os.environ["CLAIMBATCH_E2E_JITTER_MS"] = str(arguments.jitter)
    for name in ("CLAIMBATCH", "CLAIMBATCH_SANDBOX"):
        if not os.access(os.environ.get(name, ""), os.X_OK):
            print(f"{name} has to name a program that can be run")
            print("0 passed, 1 failed, 0 skipped")
            return 1
    names = choose(arguments.words, arguments.part, arguments.but)
    lock, waiting = threading.Lock(), iter(names)

    def next_name():
        with lock:
            return next(waiting, None)

    report = Report(arguments.times)
    seconds = SECONDS_LONG if arguments.long else SECONDS
    workers = [Worker(next_name, report, seconds) for _ in range(max(1, arguments.j))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report.print_end()
    return 1 if report.failed or not names else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        sys.path.insert(0, HERE)
        sys.exit(serve())
    sys.exit(main())
