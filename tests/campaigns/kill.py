#!/usr/bin/env python3
"""Kills runs at random moments, and looks whether any promise was broken.

A trial is an export of random size with some repeated claims, a sandbox with faults and latency, and
1 to 5 times SIGKILL at random moments; then the same command until it ends by itself. The oracle
judges export, report, manifest, ledger and the sandbox's journal: nothing lost, nothing executed
twice, nothing wrong about a row, at most the rows of 2 x in-flight calls unknown a kill. Every second trial sends
two exports that share claims, at once, on one ledger; every sixth one is of the program with
sanitizers. Short: 200 kills. Long: 10,000.

A trial's plan can be repeated, its moments only as far as time can.
"""

import concurrent.futures
import hashlib
import random
import sqlite3
import threading

import trial
from trial import oracle

SHORT, LONG = 60, 10000
# Trials without a kill that chance may bring where few kills are wanted.
FEW = 60
ROWS_MAX = 2000
# What two runs need that wait for each other's turns, on a machine that does other things too.
RUN_SECONDS = 240

# Faults that hold a call or all of them for a second; few of them make a trial slow.
SLOW = ("timeout", "slow", "429", "ban", "refuse-connect", "tls")


def quick_faults():
    """The names of all faults that neither stop a run nor take their time."""
    return [
        name
        for name, kind in trial.sandbox_faults()
        if kind != "stop" and not any(slow in name for slow in SLOW)
    ]


def random_faults(rng, quick, rows):
    kind = rng.random()
    if kind < 0.25:
        return []
    if kind < 0.5:
        share = min(0.3, rng.uniform(10, 40) / rows)
        return ["--fault", f"every-row={share:.6f}"]
    share = rng.choice((0.02, 0.1, 0.3)) / len(quick)
    return [word for name in quick for word in ("--fault", f"{name}={share:.6f}")]


class Plan:
    """What a trial is to be, drawn from the campaign's seed and the trial's number."""

    def __init__(self, seed, number, quick):
        rng = self.rng = random.Random(f"{seed}/{number}")
        self.name = str(number)
        self.pair = number % 2 == 0
        self.binary = trial.SANITIZED if number % 6 in (1, 4) and rng.random() < 0.5 else None
        tiny = rng.random() < 0.2
        self.count = rng.randint(1, 20) if tiny else int(20 * (ROWS_MAX / 20) ** rng.random())
        self.in_flight = rng.choice((1, 2, 3, 4, 8, 16, 32, 64))
        self.workers = rng.randint(1, 4)
        self.batch = rng.choice((1, 1, 2, 5, 20))
        self.kills = rng.randint(1, 5)
        latency = rng.choice((0, 0, 1, 5, 20))
        self.repeats = rng.choice((0, 0.05, 0.3))
        self.sandbox = random_faults(rng, quick, self.count)
        self.sandbox += ["--seed", rng.randrange(10**6), "--latency", f"0..{latency}"]
        self.sandbox += ["--threads", rng.randint(1, 2)]
        self.options = ["--timeout", 2, "--retries", rng.randint(0, 2), "--outage-patience", 30]
        self.once_more = rng.random() < 0.3

    def words(self):
        return (
            f"{self.count} rows, {self.in_flight} in flight, {self.workers} workers,"
            f" {self.batch} claims a call,"
            f" {self.kills} kills, {'two exports' if self.pair else 'one export'},"
            f" {'sanitized' if self.binary else 'released'},"
            f" sandbox {' '.join(map(str, self.sandbox))}"
        )


def try_one(plan, score):
    with trial.Trial(
        trial.random_rows(plan.rng, plan.count, repeats=plan.repeats),
        plan.in_flight,
        *plan.options,
        workers=plan.workers,
        batch=plan.batch,
        sandbox=plan.sandbox,
    ) as one:
        one.words.append(plan.words())
        for _ in range(plan.kills):
            run = one.start(plan.binary)
            trial.wait_for_moment(plan.rng, one.sandbox, run, plan.count)
            run.send_signal(9)
            one.ended(run)
        found = one.go_on(trial.ORDERLY + trial.STOPPED)
        if plan.once_more and not found:
            found = one.go_on(trial.ORDERLY + trial.STOPPED)
        one.score(score, plan.name, found or one.judge())
        return one.kills


# ---- two exports at once ----


class PairOracle(trial.KilledOracle):
    """One of two exports that share claims. `foreign` has the contents of the other one, by claim;
    what both hold alike is judged for both together."""

    def __init__(self, *args, foreign, whole, **how):
        super().__init__(*args, **how)
        self.foreign = foreign
        self.whole = whole

    def _is_common(self, row):
        return row.sent is not None and row.sent in self.foreign.get(row.key, ())

    def _attribute(self):
        own = {(row.key, row.sent) for row in self.rows if row.sent and not self._is_common(row)}
        self.journal = [e for e in self.whole if place_of(e) in own]
        self.earlier = self.whole
        super()._attribute()

    def _check_wire(self):
        rows_of = {}
        for row in self.rows:
            if row.sent and row.key not in self.foreign:
                rows_of.setdefault(row.key, []).append(row)
        for rows in rows_of.values():
            self._check_claim(rows, [])

    def _check_line(self, row, line):
        if not self._is_common(row):
            super()._check_line(row, line)

    # A row may have been tried, surely without effect, before the other export's row came between.

    def _check_skipped(self, row, line):
        self._check_as_untried(super()._check_skipped, row, line)

    def _check_unknown(self, row, line):
        if line["code"] == "UNSETTLED":
            self._check_as_untried(super()._check_unknown, row, line)
        else:
            super()._check_unknown(row, line)

    @staticmethod
    def _check_as_untried(check, row, line):
        lines = row.lines
        if not any(trial.is_final(entry) for entry in lines):
            row.lines = []
        check(row, line)
        row.lines = lines


def place_of(entry):
    if entry.get("claim") is None:
        return None
    return (entry["workcard_id"], entry["claim_order_no"]), oracle.sent_values(entry["claim"])


def contents(rows):
    found = {}
    for row in rows:
        if row.sent:
            found.setdefault(row.key, []).append(row.sent)
    return found


def check_common_line(row, line, entries, found):
    """A row whose content both exports hold: some request of it says what the line says."""
    said = {"accepted": "accepted", "rejected": "rejected"}.get(line["outcome"])
    if said and not any(
        oracle.answer_class(e) == said and oracle.id_in_answer(e) == line["request_id"] for e in entries
    ):
        found.append(f"row {row.number}: {said}, and no answer said so")
    if line["code"] == "ALREADY_ACCEPTED" and not any(e["accepted"] for e in entries):
        found.append(f"row {row.number}: ALREADY_ACCEPTED, and the gateway never did")


def check_shared(files, journal, order):
    """The claims that two exports share, over both. `order` has the files in the order of their runs."""
    found = []
    sent = [contents(rows) for _, rows, _ in files]
    entries_of, lines_of = {}, {}
    for e in journal:
        if place_of(e):
            entries_of.setdefault(place_of(e)[0], []).append(e)
    for f, (_, rows, report) in enumerate(files):
        for row, line in zip(rows, report):
            if row.sent:
                lines_of.setdefault(row.key, []).append((f, row, line))
    for key in sent[0].keys() & sent[1].keys():
        entries, lines = entries_of.get(key, []), lines_of[key]
        found += check_shared_wire(key, entries, lines)
        found += check_shared_order(key, entries, [sent[f][key] for f in order])
        for f, row, line in lines:
            if row.sent in sent[1 - f][key]:
                own = [e for e in entries if place_of(e)[1] == row.sent]
                check_common_line(row, line, own, found)
    return found


def check_shared_wire(key, entries, lines):
    found = []
    for before, after in zip(entries, entries[1:]):
        kind = oracle.answer_class(before)
        if kind == "unknown":
            found.append(f"{key}: sent (line {after['seq']}) after an attempt that may have been executed")
        if kind == "accepted" and place_of(before) == place_of(after):
            found.append(f"{key}: accepted, and sent again (line {after['seq']})")
    for entry in entries:
        content = place_of(entry)[1]
        if entry["executed"] and not any(
            row.sent == content
            and (
                line["outcome"] == "unknown"
                or (line["outcome"] == "accepted" and line["request_id"] == oracle.id_in_answer(entry))
            )
            for _, row, line in lines
        ):
            found.append(f"{key}: executed (line {entry['seq']}), and no report says so")
    spans = sorted(
        (oracle.milliseconds(line["submitted_at"]), int(line["duration_ms"]))
        for _, _, line in lines
        if line["submitted_at"] and line["duration_ms"] and line["outcome"] in ("accepted", "rejected")
    )
    for (begin, length), (later, _) in zip(spans, spans[1:]):
        if later + 2 < begin + length:
            found.append(f"{key}: two requests of it were under way at once")
    return found


def check_shared_order(key, entries, sent):
    """What was executed was executed in the order of runs and rows."""
    places = [(f, i, content) for f, rows in enumerate(sent) for i, content in enumerate(rows)]
    at = -1
    for entry in entries:
        if not entry["executed"]:
            continue
        content = place_of(entry)[1]
        later = [i for i, place in enumerate(places) if i > at and place[2] == content]
        if not later:
            return [f"{key}: executed out of order (line {entry['seq']})"]
        at = later[0]
    return []


def order_of_runs(ledger, exports):
    """The exports' indices in the order of their runs."""
    database = sqlite3.connect(ledger)
    runs = [row[0] for row in database.execute("SELECT export_sha256 FROM run ORDER BY id")]
    database.close()
    digests = []
    for path in exports:
        with open(path, "rb") as file:
            digests.append(hashlib.sha256(file.read()).digest())
    return sorted((0, 1), key=lambda i: runs.index(digests[i]) if digests[i] in runs else 1 << 30)


class Sender(threading.Thread):
    """Types one of the two commands until it ends by itself."""

    def __init__(self, plan, one, claims, seed):
        super().__init__()
        self.plan, self.one, self.claims = plan, one, claims
        self.rng = random.Random(seed)
        self.kills = self.starts = 0
        self.code = None
        self.words = []

    def _start(self):
        self.starts += 1
        return self.one.workspace.start_upload(
            self.one.sandbox, *self.one.options, claims=self.claims, binary=self.plan.binary
        )

    def run(self):
        try:
            self._send()
        except Exception as error:  # a run that hangs; the judge finds no code then
            self.words.append(f"{self.claims}: {type(error).__name__}: {error}")

    def _send(self):
        for _ in range(self.plan.kills):
            run = self._start()
            trial.wait_for_moment(self.rng, self.one.sandbox, run, self.plan.count)
            run.send_signal(9)
            result = run.finish()
            self.kills += result.code == -9
            self.words.append(f"{self.claims}: exit {result.code}\n{result.err[-1500:]}")
        result = self._start().finish(RUN_SECONDS)
        self.code = result.code
        self.words.append(f"{self.claims}: exit {result.code}\n{result.err[-1500:]}")


def pair_rows(rng, plan):
    """Two exports; some claims of the second are of the first: with the same content, or another."""
    first = trial.random_rows(rng, plan.count, repeats=plan.repeats)
    second = trial.random_rows(rng, plan.count, first=100000, repeats=plan.repeats)
    for at in range(len(second)):
        if rng.random() < 0.3:
            row = dict(rng.choice(first))
            if rng.random() < 0.5 and row["claim_status"] == "1":
                row["claim_fee"] = str(int(row["claim_fee"]) + rng.randint(10, 13))
            second[at] = row
    if second == first:  # the same export is the same run, and only one of the two may be at it
        second[0] = trial.random_rows(rng, 1, first=200000)[0]
    return first, second


def judge_pair(plan, one, senders):
    found = []
    files = []
    workspace = one.workspace
    for sender in senders:
        report = sender.claims.replace(".csv", ".report.csv")
        if sender.code not in trial.ORDERLY + trial.STOPPED:
            found.append(f"row -: {sender.claims} ended with {sender.code}: {sender.words[-1:]}")
        try:
            files.append(
                (
                    sender.claims,
                    oracle.read_export(workspace.file(sender.claims)),
                    workspace.read_report(report),
                )
            )
        except Exception as error:
            found.append(f"row -: {sender.claims}: {type(error).__name__}: {error}")
    if found:
        return found
    journal = one.journal()
    for sender, mine, other in zip(senders, files, reversed(files)):
        judge = PairOracle(
            mine[1],
            mine[2],
            workspace.read_manifest(mine[0].replace(".csv", ".report.csv")),
            journal,
            crashed=True,
            starts=sender.starts,
            batch=plan.batch,
            foreign=contents(other[1]),
            whole=journal,
        )
        said = judge.violations()
        said += trial.check_unknown(mine[1], mine[2], journal, 2 * one.in_flight * one.batch * sender.kills)
        said += trial.check_exit(sender.code, mine[2])
        said += trial.check_audit(workspace, mine[0])
        found += [f"{mine[0]} {text}" for text in said]
    found += trial.check_unsettled([pair for f in files for pair in zip(f[1], f[2])])
    order = order_of_runs(workspace.ledger, [workspace.file(f[0]) for f in files])
    return found + check_shared(files, journal, order) + trial.check_ledger(workspace.ledger)


def try_pair(plan, score):
    first, second = pair_rows(plan.rng, plan)
    with trial.Trial(
        first,
        plan.in_flight,
        *plan.options,
        workers=plan.workers,
        batch=plan.batch,
        sandbox=plan.sandbox,
    ) as one:
        one.workspace.export(second, "other.csv")
        senders = [
            Sender(plan, one, claims, plan.rng.random()) for claims in ("claims.csv", "other.csv")
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        one.words.append(plan.words())
        one.words += [word for sender in senders for word in sender.words]
        one.end_sandbox()
        one.score(score, plan.name, judge_pair(plan, one, senders))
        return sum(sender.kills for sender in senders)


class Campaign:
    """Trials, one after the other in each of some threads, until so many runs were killed."""

    def __init__(self, options, score):
        self.options, self.score = options, score
        self.wanted = options.kills or (LONG if options.long else SHORT)
        self.quick = quick_faults()
        self.kills = self.trials = self.said = 0
        self._lock = threading.Lock()

    def attempt(self, name):
        plan = Plan(self.options.seed, int(name), self.quick)
        if self.options.only:
            print(plan.words(), flush=True)
        return (try_pair if plan.pair else try_one)(plan, self.score)

    def _next(self):
        """The next trial's name, or None. Where no kill strikes, it does not go on for ever."""
        with self._lock:
            if self.kills >= self.wanted or self.trials >= 5 * self.wanted + FEW:
                return None
            self.trials += 1
            return str(self.trials)

    def _count(self, kills):
        with self._lock:
            self.kills += kills
            if self.kills - self.said >= max(100, self.wanted // 50):
                self.said = self.kills
                self.score.progress(f"{self.kills} kills")

    def _work(self):
        for name in iter(self._next, None):
            try:
                self._count(self.attempt(name))
            except Exception as error:  # a run that hangs is a violation too
                self.score.add(name, [f"row -: {type(error).__name__}: {error}"])

    def run(self):
        if self.options.only:
            self.attempt(self.options.only)
            return
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            for _ in range(self.options.jobs):
                pool.submit(self._work)
        if self.kills < self.wanted:
            self.score.add("kills", [f"row -: {self.kills} kills in {self.trials} trials"])
        self.score.progress(f"{self.kills} kills")


def main():
    options, score = trial.begin(
        __doc__,
        kills={"type": int, "help": f"go on until so many runs were killed ({SHORT}, long {LONG})"},
    )
    Campaign(options, score).run()
    score.end()


if __name__ == "__main__":
    main()
