#!/usr/bin/env python3
"""Power loss: what had not been synced is gone.

A run is recorded by the shim: every change of a file, every sync, and every byte sent, in one order.
Then the power is cut at points of the record. A cut keeps of each file what its last fsync or
fdatasync had seen, and of the folder the names of its last fsync; in a second and third way it also
keeps a random part of what came later, in whole sectors, and the first few changes of names. In the
folder that is left the same command runs until it is done. The oracle judges export, report and what
the gateway had been sent until the cut and since: nothing that had left may leave again.

The commands are the first upload of a folder, that of a second day, whose report stands where the one of
the first day has to move away, an import, a rerun, a resolve, and a prune. After a cut the count beside
the ledger must not be ahead of it; a start with another ledger is tried after some cuts, and must be
refused where something had left.

Some of the resumed runs are recorded and cut as well. Short: some cuts. Long: after every request, and
around every sync and change of names, in all three ways.
"""

import os
import random
import re
import shutil
import sqlite3
import tempfile
import urllib.parse

import kinds
import trial
from trial import Sandbox, Workspace

SECTOR = 512
IN_FLIGHT = 4
WAYS = ("synced", "random", "most")
# The short form: so many cuts of each recorded run; and how often a resumed one is cut too.
SHORT = {"first": 15, "second": 15, "import": 5, "rerun": 5, "resolve": 5, "prune": 5}
# So many of the cuts at changes of names.
SHORT_EDGES = 25
# How often another ledger comes after a cut.
OTHER_HOME = 0.3
DEEPER = 0.1
DEEPER_CUTS = 8


class Record:
    """What the shim wrote down."""

    def __init__(self, path, folder):
        self.folder = os.path.realpath(folder)
        self.operations = []
        with open(path, "rb") as file:
            while True:
                line = file.readline()
                if not line:
                    break
                op, inode, offset, length, *paths = line.decode().rstrip("\n").split(" ")
                data = file.read(int(length))
                names = [self._name(p) for p in paths if p]
                self.operations.append((op, int(inode), int(offset), names, data))

    def _name(self, path):
        """The file's name in the workspace; the workspace itself is the empty name."""
        return os.path.relpath(os.path.join(self.folder, path), self.folder)

    def cuts(self):
        """Where the power may fail: behind each send, and around all that orders things."""
        for at, (op, *_) in enumerate(self.operations, 1):
            if op in ("send", "sync", "rename", "unlink", "create"):
                yield at
        yield len(self.operations)

    def edge_cuts(self):
        """Those around changes of the names of reports and what belongs to them: a move, what tells of a
        start, the report that takes its name."""
        changes = [at for at, operation in enumerate(self.operations, 1) if is_of_report(operation)]
        return [at for at in self.cuts() if any(change - 2 <= at <= change + 3 for change in changes)]


def is_of_report(operation):
    op, _, _, names, _ = operation
    return op in ("rename", "link", "unlink") and names[-1].startswith("claims.report")


class Disk:
    """What the files of a folder are, and what of it would survive."""

    def __init__(self, folder):
        self.contents = {}  # by inode: what programs see
        self.synced = {}  # by inode: what survives
        self.pending = {}  # by inode: changes since the last sync
        self.names = {}  # what programs see: name to inode
        self.kept_names = {}
        self.name_changes = []
        for entry in os.scandir(folder):
            if entry.is_file(follow_symlinks=False):
                inode = entry.inode()
                with open(entry.path, "rb") as file:
                    self.contents[inode] = self.synced[inode] = file.read()
                self.names[entry.name] = inode
        self.kept_names = dict(self.names)
        self.modes = {e.name: e.stat().st_mode & 0o777 for e in os.scandir(folder) if e.is_file()}

    def apply(self, operation):
        op, inode, offset, names, data = operation
        if op == "create":
            self.contents[inode] = self.synced[inode] = b""
            self.pending[inode] = []
            self._rename(names[0], inode)
        elif op in ("write", "truncate", "grow"):
            self.contents[inode] = changed(self.contents.get(inode, b""), (op, offset, data))
            self.pending.setdefault(inode, []).append((op, offset, data))
        elif op == "rename":
            moved = self.names[names[0]]
            self._rename(names[1], moved, names[0])
        elif op == "link":
            self._rename(names[1], self.names[names[0]])
        elif op == "unlink":
            self._rename(None, None, names[0])
        elif op == "sync" and names[0] == ".":
            self.kept_names = dict(self.names)
            self.name_changes = []
        elif op == "sync":
            self.synced[inode] = self.contents.get(inode, b"")
            self.pending[inode] = []

    def _rename(self, to, inode, away=None):
        self.name_changes.append((to, inode, away))
        rename_in(self.names, to, inode, away)

    def survive(self, rng, way):
        """What is there after the power came back: name to bytes."""
        names = dict(self.kept_names)
        kept = 0 if way == "synced" else rng.randint(0, len(self.name_changes))
        for change in self.name_changes[:kept]:
            rename_in(names, *change)
        share = {"synced": 0, "random": rng.random(), "most": 0.95}[way]
        found = {}
        for name, inode in names.items():
            content = self.synced.get(inode, b"")
            for change in self.pending.get(inode, []):
                for piece in sectors(change):
                    if rng.random() < share:
                        content = changed(content, piece)
            found[name] = content
        # A map of memory into a file: whatever it holds after a loss is thrown away by SQLite.
        return {name: content for name, content in found.items() if not name.endswith("-shm")}


def rename_in(names, to, inode, away):
    if away is not None:
        names.pop(away, None)
    if to is not None:
        names[to] = inode


def changed(content, change):
    op, offset, data = change
    if op == "truncate":
        return content[:offset] + bytes(max(0, offset - len(content)))
    if op == "grow":
        return content + bytes(max(0, offset - len(content)))
    content += bytes(max(0, offset - len(content)))
    return content[:offset] + data + content[offset + len(data) :]


def sectors(change):
    """A write as the disk does it: sector by sector."""
    op, offset, data = change
    if op != "write":
        yield change
        return
    at = 0
    while at < len(data):
        end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
        yield op, offset + at, data[at:end]
        at = end


CLAIM = re.compile(rb"workcard_insurance_callback_request=([^&]*)")


def sent_claims(data):
    """The claims in bytes that were sent, as the journal shows them; a request goes out whole."""
    for match in CLAIM.finditer(data):
        text = urllib.parse.unquote_plus(match.group(1).decode("ascii"))
        yield trial.json.loads(text)


def journal_until(journal, operations):
    """The lines of the journal whose requests had left before the cut."""
    left = {}
    for op, _, _, _, data in operations:
        if op == "send":
            for claim in sent_claims(data):
                key = (claim["workcard_id"], claim["claim_order_no"])
                left[key] = left.get(key, 0) + 1
    found = []
    for entry in journal:
        key = (entry["workcard_id"], entry["claim_order_no"])
        if entry.get("claim") is not None and left.get(key, 0):
            left[key] -= 1
            found.append(entry)
    return found


class Campaign:
    """One recorded run, and its cuts. The gateway stays the same: another port would be another
    platform."""

    def __init__(self, options, score, shim, name, gateway):
        self.options, self.score, self.shim = options, score, shim
        self.name, self.gateway = name, gateway
        self.kind = kind_of(name)
        self.rng = random.Random(f"{options.seed}/{name}")
        self.rows = trial.random_rows(self.rng, options.rows, repeats=0.1)

    def open_trial(self, folder=None):
        """The folder of a trial after a cut is where it was: paths are in ledgers and manifests."""
        return kinds.KINDS[self.kind](
            self.rows, IN_FLIGHT, "--retries", 1, gateway=self.gateway, folder=folder
        )

    def record(self, one):
        """Types the command under the shim: the disk as it was before, and the record."""
        disk = Disk(one.workspace.path)
        path = one.workspace.file("record")
        old = "1" if self.rng.random() < 0.5 else None
        found = one.go_on(LD_PRELOAD=self.shim, CAMPAIGN_RECORD=path, CAMPAIGN_OLD=old)
        if found:
            raise AssertionError(found[0])
        record = Record(path, one.workspace.path)
        os.unlink(path)
        return disk, record

    def run(self):
        with self.open_trial() as one:
            one.prepare()
            self.folder, self.first = one.workspace.path, one
            disk, record = self.record(one)
            journal = one.journal()
            one.score(self.score, f"{self.name}-recorded", one.judge())
        cuts, edges = list(record.cuts()), record.edge_cuts()
        if not self.options.long:
            wanted = self.options.cuts or SHORT[self.kind]
            cuts = self.rng.sample(cuts, min(wanted, len(cuts)))
            edges = self.rng.sample(edges, min(SHORT_EDGES, len(edges)))
        cuts = sorted({*cuts, *edges})
        self.score.progress(f"{self.name}: {len(record.operations)} operations, {len(cuts)} cuts")
        self.sweep(disk, record, journal, [], self.name, cuts, 1)

    def sweep(self, disk, record, journal, earlier, name, cuts, depth):
        """Cuts a recorded run at `cuts`. `earlier` is the journal of what came before it; `depth` counts
        the losses of power."""
        done = 0
        for at in cuts:
            for operation in record.operations[done:at]:
                disk.apply(operation)
            done = at
            before = earlier + journal_until(journal, record.operations[:at])
            for way in WAYS if self.options.long else [self.rng.choice(WAYS)]:
                label = f"{name}-{at}-{way}"
                if depth > 1 or self.options.only in (None, label):
                    self.cut(disk, before, label, way, depth)

    def cut(self, disk, before, label, way, depth):
        # Of its own, so that the other cuts do not change what this one is.
        rng = random.Random(f"{self.options.seed}/{label}")
        with self.open_trial(self.folder) as one:
            one.remember(self.first)
            restore(one, disk, rng, way)
            record = None
            found = one.check_kept() + check_count(one)
            has_other = rng.random() < OTHER_HOME
            if has_other:
                found += one.check_other_home(has_left=any_claim(before))
            if depth == 1 and rng.random() < DEEPER and not found and not has_other:
                start, record = self.record(one)
            else:
                found = found or one.go_on()
            # As if the losses of power were kills of one run.
            one.kills, one.starts, one.earlier = depth, depth + 1, before
            found = found or one.judge()
            after = one.journal()
            self.score.add(label, found, one.workspace, before + after, "\n".join(one.words))
        if record:
            cuts = list(record.cuts())
            cuts = sorted(rng.sample(cuts, min(DEEPER_CUTS, len(cuts))))
            self.sweep(start, record, after, before, label, cuts, 2)


def any_claim(journal):
    return any(entry.get("claim") is not None for entry in journal)


def check_count(one):
    """The count beside the ledger is not ahead of the one in it: the program would take that for lost
    commits."""
    names = {name: one.workspace.file(name) for name in ("ledger.db", "ledger.db-wal", "ledger.db.lock")}
    if not all(map(os.path.exists, (names["ledger.db"], names["ledger.db.lock"]))):
        return []
    with open(names["ledger.db.lock"], "rb") as file:
        words = file.read().split()
    with tempfile.TemporaryDirectory() as folder:
        for path in filter(os.path.exists, names.values()):
            shutil.copy(path, folder)
        database = sqlite3.connect(os.path.join(folder, "ledger.db"))
        try:
            count = database.execute("SELECT count FROM commits").fetchone()[0]
        except sqlite3.Error:
            return []  # it was not made yet
        finally:
            database.close()
    if len(words) == 2 and words[1].isdigit() and int(words[1]) > count:
        return [f"row -: {int(words[1])} commits are counted beside the ledger, {count} in it"]
    return []


def restore(one, disk, rng, way):
    """Makes the workspace what is there after the power came back."""
    for name, content in disk.survive(rng, way).items():
        if name.startswith(("claims.report", "ledger", "taught")):
            one.workspace.write(name, content, mode=0o600)


def kind_of(name):
    return name.rstrip("0123456789")


def record_and_cut(options, score, shim, name):
    with Workspace() as workspace:
        faults = ["code-1=1%", "reject=4%", "executed-html=2%", "executed-close=2%"]
        words = [word for fault in faults for word in ("--fault", fault)]
        words += kinds.KINDS[kind_of(name)].FAULTS
        with Sandbox(workspace, *words, "--seed", options.seed) as gateway:
            Campaign(options, score, shim, name, gateway).run()


def main():
    options, score = trial.begin(
        __doc__,
        cuts={"type": int, "help": f"so many cuts of each recorded run (short: {SHORT['first']})"},
        rows={"type": int, "default": 60, "help": "rows of the export (60)"},
    )
    runs = 4 if options.long else 1
    names = [f"{kind}{number}" for number in range(1, runs + 1) for kind in kinds.KINDS]
    if options.only:
        names = [options.only.split("-")[0]]
    with trial.shim() as shim:
        points = [(name,) for name in names]
        list(score.sweep(lambda name: record_and_cut(options, score, shim, name), points))
    score.end()


if __name__ == "__main__":
    main()
