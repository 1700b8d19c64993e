"""What the campaigns share: a trial is one export, one sandbox and one command that is typed again
until it ends by itself; then it is judged by the oracle of the end-to-end tests, and by what is
added here for runs that were killed.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import oracle  # noqa: E402
from harness import Sandbox, Workspace, claim_row, preload, read_manifest, read_report  # noqa: E402

# How a run may end by itself when nothing but rows went wrong.
ORDERLY = (0, 1, 3)
# … and when faults of the gateway made it stop.
STOPPED = (4, 69, 75)

# What who only looks is told of a ledger that a kill left half made.
CUT_SHORT = "writing to it was cut short"

ROOT = os.path.dirname(os.path.dirname(HERE))
# Kills and cuts want many starts, so the program as released; the one with sanitizers is used where
# they may find something. Where they lie unless the environment names others:
SANITIZED = os.path.abspath(os.environ.get("CLAIMBATCH", ROOT + "/build-test/claimbatch"))
RELEASED = os.path.abspath(os.environ.get("CLAIMBATCH_RELEASE", ROOT + "/build/claimbatch"))
SANDBOX = "src/sandbox/claimbatch-sandbox"


def begin(doc, **more):
    """Reads the command line that all campaigns have; `more` are further options, name to settings.
    Returns the options and the score, and says the seed."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--long", action="store_true", help="the long form")
    add("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of all chance")
    add("--only", metavar="TRIAL", help="this one trial, by the name that a violation shows")
    add("--jobs", type=int, default=2, help="trials at a time (2)")
    add(
        "--evidence",
        default=os.path.join(tempfile.gettempdir(), "claimbatch-evidence"),
        help="folder in which what a violation leaves behind is kept (%(default)s)",
    )
    for name, settings in more.items():
        add("--" + name.replace("_", "-"), **settings)
    options = parser.parse_args()
    # What a trial starts is found there: the released programs, unless a trial says otherwise.
    os.environ["CLAIMBATCH"] = RELEASED
    os.environ["CLAIMBATCH_SANDBOX"] = os.path.join(os.path.dirname(RELEASED), SANDBOX)
    return options, Score(options)


def sandbox_faults():
    """(name, class) of all that the sandbox can do."""
    text = subprocess.run(
        [os.environ["CLAIMBATCH_SANDBOX"], "--list-faults"], capture_output=True, text=True, check=True
    ).stdout
    return [line.split()[:2] for line in text.split("\n\n")[0].splitlines()[1:]]


# So many violations are shown, and their evidence kept; more of them say nothing new.
SHOWN_MAX = 30


class Score:
    """Counts trials, keeps the evidence, and says how it went."""

    def __init__(self, options):
        self.campaign = os.path.basename(sys.argv[0]).removesuffix(".py")
        self.options = options
        self.passed = self.failed = 0
        self.began = time.monotonic()
        self._lock = threading.Lock()
        print(f"{self.campaign}: --seed {options.seed}{' --long' * options.long}", flush=True)

    def add(self, name, violations, workspace=None, journal=(), words=""):
        with self._lock:
            if violations:
                self.failed += 1
                self._tell(name, violations, workspace, journal, words)
            else:
                self.passed += 1

    def _tell(self, name, violations, workspace, journal, words):
        if self.failed > SHOWN_MAX:
            return
        form = " --long" * self.options.long
        print(f"not ok {self.campaign} {name}: {len(violations)} violations; to repeat it:")
        print(f"    tests/campaigns/run.py{form} --seed {self.options.seed} --only {name} {self.campaign}")
        if workspace:
            print(f"    kept: {self._keep(name, violations, workspace, journal, words)}")
        for violation in violations[:8]:
            print(f"    {violation}")
        sys.stdout.flush()

    def _keep(self, name, violations, workspace, journal, words):
        os.makedirs(self.options.evidence, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f"{self.campaign}-{name}-", dir=self.options.evidence)
        shutil.copytree(workspace.path, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "journal.jsonl"), "w", encoding="utf-8") as file:
            for entry in journal:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        with open(os.path.join(folder, "violations.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(list(violations) + ["", words]) + "\n")
        return folder

    def sweep(self, attempt, points, every=500):
        """Calls attempt(*point) for each point, some at a time, and yields what it returns. The first
        part of a point is its name. An exception, such as that of a run that hangs, is a violation."""

        def try_point(point):
            try:
                return attempt(*point)
            except Exception as error:
                self.add(point[0], [f"row -: {type(error).__name__}: {error}"])
                return None

        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            for number, result in enumerate(pool.map(try_point, points), 1):
                if number % every == 0:
                    self.progress(f"{number} of {len(points)} trials")
                yield result

    def progress(self, text):
        seconds = time.monotonic() - self.began
        print(f"{seconds:7.1f} s  {self.passed} passed, {self.failed} failed; {text}", flush=True)

    def end(self, skipped=0):
        if self.passed + self.failed + skipped == 0:
            self.add("nothing", ["row -: there was no trial"])
        print(f"{self.passed} passed, {self.failed} failed, {skipped} skipped")
        sys.exit(1 if self.failed else 0)


# ---- exports ----


def random_row(rng, number):
    kind = rng.random()
    if kind < 0.1:
        return claim_row(number, claim_status="2", claim_fee="0", claim_desc="材料不全, \"补件\"")
    if kind < 0.2:
        return claim_row(number, claim_status="0", claim_fee="0")
    if kind < 0.23:
        return claim_row(number, claim_fee="0")  # a success without fee is invalid
    return claim_row(number)


def random_rows(rng, count, first=1, repeats=0.1):
    """Rows of which some are of an earlier row's claim: with the same content, or another."""
    rows = []
    for number in range(first, first + count):
        if rows and rng.random() < repeats:
            row = dict(rng.choice(rows[-50:]))
            if rng.random() < 0.5 and row["claim_status"] == "1":
                row["claim_fee"] = str(int(row["claim_fee"]) + rng.randint(1, 3))
            rows.append(row)
        else:
            rows.append(random_row(rng, number))
    return rows


# ---- judgement ----


def check_exit(code, lines):
    """The exit code says what the report says (contract section 7)."""
    outcomes = {line["outcome"] for line in lines}
    if code in STOPPED:
        return []
    expected = 3 if "unknown" in outcomes else 1 if outcomes & {"rejected", "failed", "invalid"} else 0
    if code != expected or (code == 0 and "unsent" in outcomes):
        return [f"row -: exit {code}, and the report has {sorted(outcomes)}"]
    return []


def is_touched_later(row, line, came, newest):
    """Whether the claim was sent after the last attempt of an unknown row. That attempt itself may never
    have come: then it began when the report says so, and what is of the same content may be it."""
    if newest is None or (came and newest["seq"] <= came[-1]["seq"]):
        return False
    if came and is_final(came[-1]):
        return True
    began = oracle.milliseconds(line["submitted_at"])
    return newest["at_ms"] > began + 2 and oracle.sent_values(newest["claim"]) != row.sent


def check_unknown(rows, lines, journal, allowed):
    """A kill makes at most so many rows unknown; and what is unknown is not touched again."""
    found = []
    lost = [line for line in lines if line["outcome"] == "unknown" and line["code"] == "RUN_ENDED"]
    if len(lost) > allowed:
        found.append(f"row -: {len(lost)} rows are unknown by a kill, at most {allowed} may be")
    newest = {}
    for entry in journal:
        if entry.get("claim") is not None:
            newest[(entry["workcard_id"], entry["claim_order_no"])] = entry
    for row, line in zip(rows, lines):
        came = getattr(row, "lines", [])
        if line["outcome"] != "invalid" and len(came) > int(line["attempts"]):
            found.append(f"row {row.number}: {line['attempts']} attempts, and {len(came)} came")
        if line["outcome"] != "unknown" or line["code"] == "UNSETTLED":
            continue
        if is_touched_later(row, line, came, newest.get(row.key)):
            found.append(f"row {row.number}: unknown, yet its claim was sent after it")
        if came and line["code"] != "RUN_ENDED" and len(came) == int(line["attempts"]):
            if oracle.answer_class(came[-1]) != "unknown" and not came[-1]["in_doubt"]:
                found.append(f"row {row.number}: unknown {line['code']}, and was answered well")
    return found


def check_unsettled(pairs):
    """A row is held back as unsettled only for another one of its claim that is unknown itself. `pairs`
    are the rows and report lines of all exports."""
    unknown = {
        row.key
        for row, line in pairs
        if line["outcome"] == "unknown" and line["code"] != "UNSETTLED" and row.sent
    }
    return [
        f"row {row.number}: UNSETTLED, and no row of its claim is unknown"
        for row, line in pairs
        if line["code"] == "UNSETTLED" and row.key not in unknown
    ]


def check_ledger(path):
    """SQLite's own word that the ledger is whole, and the program's."""
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return []
    command = [RELEASED, "status", "--verify", "--ledger", path]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    # Where it was killed while it made the ledger nothing may be in it yet, or not be whole.
    is_fine = said.returncode in (0, 66) or CUT_SHORT in said.stderr
    return check_database(path) + ([] if is_fine else [f"ledger: {said.stdout}{said.stderr}"])


def check_database(path):
    """Of a copy: whoever closes a ledger last carries its log over and removes it, and after a kill the next
    start would take that for a log that was lost."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("", "-wal", "-journal"):
                if os.path.exists(path + suffix):
                    shutil.copy(path + suffix, os.path.join(folder, "ledger.db" + suffix))
            database = sqlite3.connect(os.path.join(folder, "ledger.db"))
            try:
                said = [line[0] for line in database.execute("PRAGMA integrity_check")]
            finally:
                database.close()
    except sqlite3.Error as error:
        return [f"ledger: {error}"]
    return [] if said == ["ok"] else [f"ledger: {text}" for text in said[:3]]


def is_final(entry):
    return oracle.answer_class(entry) not in oracle.SURELY_NOT


class KilledOracle(oracle.Oracle):
    """Knows of which row a request was even where rows of one claim have the same content and the
    later one was sent too: by the request_id, and by what was final before."""

    def _attribute(self):
        self.lines = {row.number: line for row, line in zip(self.rows, self.report)}
        rows_of, place = {}, {}
        for row in self.rows:
            row.lines = []
            if row.sent:
                rows_of.setdefault(row.key, []).append(row)
        for entry in self.journal:
            if entry.get("claim") is None:
                continue
            key = (entry["workcard_id"], entry["claim_order_no"])
            values = oracle.sent_values(entry["claim"])
            rows = rows_of.get(key, [])
            fits = [i for i in range(place.get(key, 0), len(rows)) if rows[i].sent == values]
            if fits:
                place[key] = self._choose(rows, fits, entry)
                rows[place[key]].lines.append(entry)
            else:
                self.say("-", f"{key} sent as {values}, for no row or out of order (line {entry['seq']})")

    def _choose(self, rows, fits, entry):
        named = oracle.id_in_answer(entry)
        for i in fits:
            if named and self.lines[rows[i].number]["request_id"] == named:
                return i
        before = rows[fits[0]].lines
        for i in fits[1:]:
            if before and is_final(before[-1]) and self.lines[rows[i].number]["attempts"] != "0":
                return i
        return fits[0]


def check_audit(workspace, claims, reports=()):
    """The program's own audit holds nothing against its reports, its export and its ledger."""
    reports = reports or [claims.replace(".csv", ".report.csv")]
    result = workspace.run("audit", "--json", *reports, "--ledger", workspace.ledger, "--export", claims)
    if result.code not in (0, 1):
        return [f"row -: the audit: {result!r}"]
    return [
        f"row {d['row'] or '-'}: the audit against {d['against']}: {d['text']}"
        for d in json.loads(result.out)["disagreements"]
    ]


def judge(workspace, journal, kills, in_flight, starts, code, claims="claims.csv", batch=1):
    """All violations of one export whose command ended by itself with `code`."""
    report = workspace.file(claims.replace(".csv", ".report.csv"))
    if not os.path.exists(report):
        return [f"row -: exit {code}, and there is no report"]
    try:
        lines = read_report(report)
        manifest = read_manifest(report)
        rows = oracle.read_export(workspace.file(claims))
        found = KilledOracle(
            rows, lines, manifest, journal, crashed=kills > 0, starts=starts, batch=batch
        ).violations()
        found += oracle.check_files(workspace.file(claims), report, manifest)
    except Exception as error:  # whatever cannot be read is a violation, not the campaign's end
        return [f"row -: {type(error).__name__}: {error}"]
    found += check_unknown(rows, lines, journal, 2 * in_flight * batch * kills)
    found += check_exit(code, lines)
    found += check_unsettled(list(zip(rows, lines)))
    found += check_audit(workspace, claims)
    return found + check_ledger(workspace.ledger)


# ---- a trial ----


def probe(sandbox):
    """A request of no claim; a fault may take its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
    try:
        connection.request("POST", "/router/rest")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def end_of_journal(sandbox):
    """Where the journal of what came until now ends: a request of no claim is written behind it, until
    one of them meets no fault."""
    before = len(sandbox.journal)
    for _ in range(20):
        probe(sandbox)
        while sandbox.has_lines(before + 1, 10):
            entry = sandbox.journal[before]
            if entry["claim"] is None and not entry["fault"]:
                return before
            before += 1
            if entry["claim"] is None:
                break  # the probe itself, or a call that was struck before it could be read
    raise AssertionError("the journal does not go on")


def wait_for_moment(rng, sandbox, run, rows):
    """A random moment of a run, or its end."""
    kind = rng.random()
    if kind < 0.3:
        until = time.monotonic() + rng.uniform(0, 0.04)
        lines = 1 << 60
    else:
        until = time.monotonic() + 60
        lines = len(sandbox.journal) + (rng.randint(1, 10) if kind < 0.5 else rng.randint(1, rows))
    while time.monotonic() < until and len(sandbox.journal) < lines and run.is_alive():
        time.sleep(0.0005)
    if kind >= 0.3:
        time.sleep(rng.uniform(0, 0.003))


class Trial:
    """A workspace with a sandbox of its own, or the one that is given, and one command."""

    has_no_report = False  # the command writes none

    FAULTS = ()  # what the sandbox is told beside what the campaign wants

    def __init__(
        self, rows, in_flight, *options, workers=1, batch=1, sandbox=(), gateway=None, folder=None
    ):
        self.rows = rows
        self.folder = folder
        self.in_flight = in_flight
        self.batch = batch
        self.options = ["-c", in_flight, "-w", min(workers, in_flight), "-q", *options]
        self.options += ["--batch", batch] if batch > 1 else []
        self._sandbox_options = (*sandbox, *self.FAULTS)
        self.sandbox = gateway
        self._before, self._after = len(gateway.journal) if gateway else 0, None
        self._owned = None
        self.earlier = []  # of the journal: what came before this trial's own
        self.yesterday = {}
        self.starts = self.kills = 0
        self.words = []
        self.code = None

    def __enter__(self):
        self.workspace = Workspace(self.folder)
        try:
            self.workspace.export(self.rows)
            if not self.sandbox:
                self._owned = Sandbox(self.workspace, *self._sandbox_options)
                self.sandbox = self._owned.__enter__()
        except BaseException:
            self.workspace.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.end_sandbox()
        self.workspace.__exit__()

    def end_sandbox(self):
        """From here on the journal is complete."""
        if self._owned:
            self._owned.close()

    def journal(self):
        """What came of this trial, once it has ended."""
        if not self._owned and self._after is None:
            self._after = end_of_journal(self.sandbox)
        return self.sandbox.journal[self._before : self._after]

    def prepare(self):
        """What is there before the command is typed for the first time."""

    def remember(self, other):
        """Instead: what was prepared by another trial."""
        self.yesterday = other.yesterday

    def command(self):
        ledger = os.path.basename(self.workspace.ledger)
        return self.workspace.upload_arguments(self.sandbox, *self.options, ledger=ledger)

    def start(self, binary=None, **env):
        """Types the command; `env` are further variables of its environment."""
        self.starts += 1
        return self.workspace.start(
            *self.command(), env=self.workspace.environment(**env), binary=binary
        )

    def ended(self, run, seconds=90):
        """Waits for the end of a start: True when it ended by itself."""
        result = run.finish(seconds)
        self.words.append(f"start {self.starts}: exit {result.code}\n{result.err[-2000:]}")
        self.code = result.code
        self.result = result
        if result.code == -9:
            self.kills += 1
        return result.code != -9

    def go_on(self, codes=ORDERLY, **env):
        """Types the command once more, undisturbed. What is wrong with its end."""
        self.ended(self.start(**env))
        if self.code in codes:
            return []
        return [f"row -: the command ended with {self.code}: {self.result.err.strip()[-300:]}"]

    def check_kept(self):
        """Whether what must never be lost is there, after a start that ended anyhow."""
        return []

    def sent(self):
        """How many claims came until now."""
        end = end_of_journal(self.sandbox)
        return sum(entry["claim"] is not None for entry in self.sandbox.journal[self._before : end])

    def check_other_home(self, has_left=False):
        """The same command by somebody with another ledger: refused where a claim may have left, without a
        trace. Where none has, either of the two may be the one that sends."""
        has_left = self.sent() > 0 or has_left
        ours, self.workspace.ledger = self.workspace.ledger, self.workspace.file("other.db")
        self.ended(self.start())
        if self.code == 78:
            found = ["row -: refused, and other.db was made"] * os.path.exists(self.workspace.ledger)
            self.workspace.ledger = ours
            return found
        if has_left:
            return [f"row -: a start with another ledger was not refused: exit {self.code}"]
        if self.code not in ORDERLY:
            return [f"row -: another ledger: {self.code}: {self.result.err.strip()[-300:]}"]
        return self.check_first_refused(ours)

    def check_first_refused(self, ours):
        """The other one has sent everything."""
        other, self.workspace.ledger = self.workspace.ledger, ours
        before = self.sent()
        self.ended(self.start())
        self.workspace.ledger = other
        if self.code != 78 or self.sent() != before:
            return [f"row -: another ledger had sent all, and the first one ended with {self.code}"]
        return []

    def judge(self):
        return self.check_kept() + self.check_leftovers() + self.judge_rows()

    def check_leftovers(self):
        names = os.listdir(self.workspace.path)
        left = [name for name in names if name.endswith((".partial", ".started.json"))]
        said = "".join(self.words)
        left = [name for name in left if not re.search(f"cannot remove '[^']*{re.escape(name)}'", said)]
        return [f"row -: left behind: {left}"] if left else []

    def judge_rows(self):
        self.end_sandbox()
        return judge(
            self.workspace,
            [dict(e, seq=seq) for seq, e in enumerate(self.earlier + self.journal(), 1)],
            self.kills,
            self.in_flight,
            self.starts,
            self.code,
            batch=self.batch,
        )

    def score(self, score, name, violations):
        self.end_sandbox()
        score.add(name, violations, self.workspace, self.journal(), "\n".join(self.words))


# ---- the shim ----


def shim():
    return preload("campaigns/shim/*.c")


def read_calls(path):
    """The shim's log: a list of words for each call."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split(" ") for line in file]
