#!/usr/bin/env python3
"""Power loss: what had not been synced is gone.

A run is recorded by the shim: every change of a file, every sync, and every byte sent, in one order.
Then the power is cut at points of the record. A cut keeps of each file what its last fsync or
fdatasync had seen, and of the folder the names of its last fsync; in a second and third way it also
keeps a random part of what came later, in whole sectors, and the first few changes of names. In the
folder that is left the same command runs until it is done. The oracle judges export, report and what
the gateway had been sent until the cut and since: nothing that had left may leave again.

Some of the resumed runs are recorded and cut as well.

  power.py           some 100 cuts, as in the tests
  power.py --all     after every request, and at every sync and rename, in all three ways
  power.py --rows N  of a larger export (the default is 60)

Needs CLAIMBATCH (or CLAIMBATCH_RELEASE), CLAIMBATCH_SANDBOX and a C compiler. The last line counts
the cuts.
"""

import os
import random
import re
import shutil
import urllib.parse

import trial

SECTOR = 512
IN_FLIGHT = 4
WAYS = ("synced", "random", "most")


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
    def __init__(self, options, score, shim):
        self.options, self.score, self.shim = options, score, shim
        self.rng = random.Random(options.seed)
        self.rows = trial.random_rows(self.rng, options.rows, repeats=0.1)
        self.sandbox = ["--fault", "code-1=4%", "--fault", "reject=4%", "--fault", "executed-html=2%"]
        self.sandbox += ["--fault", "executed-close=2%", "--seed", options.seed]

        self.port = 0

    def open_trial(self):
        """Always the same gateway: another port would be another platform."""
        return trial.Trial(
            self.rows, IN_FLIGHT, "--retries", 1, sandbox=self.sandbox, port=self.port
        )

    def record(self, one):
        """Types the command under the shim: the disk as it was before, and the record."""
        disk = Disk(one.workspace.path)
        path = one.workspace.file("record")
        found = one.go_on(LD_PRELOAD=self.shim, CAMPAIGN_RECORD=path)
        if found:
            raise AssertionError(found[0])
        record = Record(path, one.workspace.path)
        os.unlink(path)
        return disk, record

    def sweep(self, disk, record, journal, earlier, name, cuts, deeper):
        """Cuts a recorded run at `cuts`. `earlier` is the journal of what came before it."""
        done = 0
        for at in cuts:
            for operation in record.operations[done:at]:
                disk.apply(operation)
            done = at
            before = earlier + journal_until(journal, record.operations[:at])
            for way in WAYS if self.options.all else [self.rng.choice(WAYS)]:
                self.cut(disk, before, f"power-{name}-{at}-{way}", way, deeper)

    def cut(self, disk, before, label, way, deeper):
        with self.open_trial() as one:
            self.restore(one, disk, way)
            one.starts = 2
            record = None
            if deeper and self.rng.random() < deeper:
                start, record = self.record(one)
                found = []
            else:
                found = one.go_on()
            one.sandbox.close()
            after = one.sandbox.journal
            journal = [dict(entry, seq=seq) for seq, entry in enumerate(before + after, 1)]
            found = found or trial.judge(
                one.workspace, journal, 2, IN_FLIGHT, 3, one.code
            )
            self.score.add(label, found, one.workspace, journal, "\n".join(one.words))
        if record:
            cuts = sorted(self.rng.sample(list(record.cuts()), min(8, len(list(record.cuts())))))
            self.sweep(start, record, after, before, label[6:], cuts, 0)

    def restore(self, one, disk, way):
        folder = one.workspace.path
        for entry in os.scandir(folder):
            if entry.name.startswith(("claims.report", "ledger")):
                os.unlink(entry.path)
        for name, content in disk.survive(self.rng, way).items():
            if name.startswith(("claims.report", "ledger")):
                one.workspace.write(name, content, mode=0o600)


def main():
    options = trial.arguments(
        __doc__,
        all={"action": "store_true", "help": "every cut, in all ways"},
        cuts={"type": int, "default": 80, "help": "so many cuts of the first run (80)"},
        rows={"type": int, "default": 60, "help": "rows of the export (60)"},
    )
    trial.use_release_build()
    shim = trial.build_shim()
    score = trial.Score(options.evidence)
    campaign = Campaign(options, score, shim)
    with campaign.open_trial() as one:
        campaign.port = one.sandbox.port
        disk, record = campaign.record(one)
        one.sandbox.close()
        journal = one.sandbox.journal
        violations = one.judge()
        score.add("power-recorded", violations, one.workspace, journal)
    cuts = list(record.cuts())
    if not options.all:
        cuts = sorted(campaign.rng.sample(cuts, min(options.cuts, len(cuts))))
    print(f"{len(record.operations)} operations, {len(cuts)} cuts")
    campaign.sweep(disk, record, journal, [], "cut", cuts, 0.1)
    shutil.rmtree(os.path.dirname(shim))
    score.progress("done")
    score.end()


if __name__ == "__main__":
    main()
