"""An office over some days, in one folder: its exports, its ledgers, its people, and what happens to them.

Every export holds the claims of the days before it; some have another amount since, always a higher one,
so that whatever was executed shows in which order it had to be. One gateway's journal is the truth about
all of it, whichever ledger a command used, and `violations` holds everything against it: what was on the
wire, every report that lies in the folder, and the ledger that the office goes on with.
"""

import csv
import glob
import io
import os
import shutil
import sqlite3

import trial
from harness import APP_KEY, claim_digest, file_digest, read_manifest, read_report
from trial import oracle

WORDS = ("--by", "claims-desk", "--reason", "the support looked it up")
# How a command may end when nothing happened to the ledger.
USUAL = (0, 1, 3, 4, 69, 75)
GUARDED = 78
# What a ledger has lost that no file tells of, an import for one: a person says that it goes on.
LOST_MORE = "had recorded more"
# A run that was killed before it left anything in the folder: no import can tell what it did.
IN_DOUBT = "is a copy that was made while run"
NEW_LEDGER = ("--new-ledger", *WORDS)
# So many claims change from one day to the next; days that were not sent whole may come together, which
# --max-changed would stop.
CHANGED_MAX = 15
CHANGED_LIMIT = 1000


def key_of(line):
    return int(line["workcard_id"]), line["claim_order_no"]


def fee_of(values):
    return int(values["claim_fee"])


class Office:
    def __init__(self, workspace, sandbox, rng, in_flight, *options, url=None):
        self.ws, self.box, self.rng = workspace, sandbox, rng
        self.place = ["-g", url or sandbox.url, "--app-key", APP_KEY, "--app-secret-file", "secret"]
        self.options = ["-c", in_flight, "--timeout", 2, "--outage-patience", 20]
        self.options += ["--max-changed", CHANGED_LIMIT, *options]
        self.home = "home-a"
        self.rows = []  # of the newest export
        self.exports = []  # copies of the exports of earlier days
        self.backups = []  # of the ledger in use
        self.backup_count = 0
        self.said = []  # (length of the journal, key): what became of its open attempt, a person's word
        self.words = []
        self.kills = 0
        self.has_lost_more = False  # than the files tell of
        self.is_doubtful = False  # something happened to the ledger: a start may be refused
        self.found = []

    # ---- what a person types ----

    def environment(self, home=None):
        return self.ws.environment(HOME=self.ws.file(home or self.home))

    def ledger(self, home=None):
        return self.ws.file(f"{home or self.home}/.local/state/claimbatch/ledger.db")

    def start(self, *arguments, home=None):
        return self.ws.start(*arguments, env=self.environment(home))

    def note(self, arguments, result):
        self.kills += result.code == -9
        self.words.append(f"{' '.join(map(str, arguments))}: exit {result.code}\n{result.err[-3000:]}")
        return result

    def type(self, *arguments, home=None, seconds=120):
        return self.note(arguments, self.start(*arguments, home=home).finish(seconds))

    def killed(self, *arguments, home=None):
        """Types a command and kills it at a random moment, unless it ends before."""
        run = self.start(*arguments, home=home)
        trial.wait_for_moment(self.rng, self.box, run, max(4, len(self.rows)))
        run.send_signal(9)
        return self.note(arguments, run.finish())

    def upload(self, claims="claims.csv", *options):
        return ("upload", claims, *self.place, *self.options, *options)

    def rerun(self, report):
        return ("rerun", report, *self.place, *self.options)

    def expect(self, result, codes):
        """A command that nobody disturbed ends with one of `codes`, or is refused where it may be."""
        if result.code in codes or (self.is_doubtful and result.code == GUARDED):
            return result
        self.found.append(f"row -: exit {result.code}, not one of {codes}: {self.words[-1][-400:]}")
        return result

    # ---- its days ----

    def begin_day(self, count):
        """A new export under the old name: some claims changed, and new ones."""
        if self.rows:
            self.keep_export()
        paid = [row for row in self.rows if row["claim_status"] == "1" and fee_of(row)]
        for row in self.rng.sample(paid, min(len(paid), self.rng.randint(0, CHANGED_MAX))):
            row["claim_fee"] = str(fee_of(row) + self.rng.randint(1, 9))
        first = 1 + len(self.rows)
        self.rows += trial.random_rows(self.rng, count, first=first, repeats=0)
        self.ws.export(self.rows)

    def keep_export(self):
        """What was sent is kept as it was, before the file becomes another one."""
        copy = f"claims-of-day-{len(self.exports) + 1}.csv"
        shutil.copyfile(self.ws.claims, self.ws.file(copy))
        self.exports.append(copy)

    def reports(self):
        """All reports that lie in the folder, the oldest first."""
        manifests = glob.glob(self.ws.file("*.csv.manifest.json"))
        return sorted(
            (path.removesuffix(".manifest.json") for path in manifests), key=os.path.getmtime
        )

    def journal(self):
        trial.end_of_journal(self.box)
        return self.box.journal

    def sent(self):
        """How many claims came until now."""
        return sum(entry.get("claim") is not None for entry in self.journal())

    def resolve(self, report):
        """The list for the support, filled in with what the gateway knows."""
        name = os.path.basename(report)
        listed = self.type("resolve", name, *self.place[:2], "-o", "list.csv", "--overwrite")
        if listed.code not in (0, 3):
            return self.expect(listed, (0, 3))
        words = fill_list(self.ws, self.journal())
        if not words:
            return listed
        at = len(self.journal())
        result = self.expect(
            self.type("resolve", name, *self.place[:2], "--from", "list.csv", *WORDS), (0, 3, 65)
        )
        if result.code in (0, 3):
            self.said += [(at, key) for key in words]
        return result

    # ---- what happens to a ledger ----

    def back_up(self):
        self.backup_count += 1
        name = self.ws.file(f"backup-{self.backup_count}.db")
        if os.path.exists(self.ledger()):
            self.expect(self.type("status", "--backup", name), (0,))
        if os.path.exists(name):
            self.backups.append(name)

    def remove(self, *suffixes):
        for suffix in suffixes:
            if os.path.exists(self.ledger() + suffix):
                os.remove(self.ledger() + suffix)
        self.is_doubtful = True

    def lose_log(self):
        self.remove("-wal", "-shm")

    def lose_ledger(self):
        self.remove("", "-wal", "-shm")

    def empty_ledger(self):
        self.remove("-wal", "-shm")
        if os.path.exists(self.ledger()):
            os.truncate(self.ledger(), 0)

    def restore(self):
        """As the README says: the ledger moves away with its log, the backup takes its place."""
        if not self.backups:
            return
        self.remove("", "-wal", "-shm")
        shutil.copyfile(self.rng.choice(self.backups[-2:]), self.ledger())
        os.chmod(self.ledger(), 0o600)

    # ---- what a person does about it ----

    def learn(self):
        """Takes in all that lies in the folder: reports, and the starts that left none."""
        reports = [os.path.basename(path) for path in self.reports()]
        if reports:
            result = self.type("import", *reports, *self.place[:2], *WORDS)
            self.expect(result, (0, 1, 3))
            self.has_lost_more = LOST_MORE in result.err
        for path in sorted(glob.glob(self.ws.file("*.started.json"))):
            self.learn_start(os.path.basename(path))
        # Where nothing was left to learn from, the lock file still names the ledger that is gone, or empty.
        self.has_lost_more |= not os.path.exists(self.ledger()) or not os.path.getsize(self.ledger())
        self.is_doubtful = self.has_lost_more

    def learn_start(self, name):
        """The export of a start, or the report of a re-run, is the one whose digest it names."""
        with open(self.ws.file(name), encoding="utf-8") as file:
            text = file.read()
        for claims in ["claims.csv", *self.exports, *map(os.path.basename, self.reports())]:
            if file_digest(self.ws.file(claims)) in text:
                result = self.type(
                    "import", name, "--export", claims, *self.place[:2], *WORDS
                )
                self.expect(result, (0, 1, 3))
                return
        self.words.append(f"no export for {name}")

    # ---- the truth ----

    def violations(self):
        journal = self.journal()
        found = list(self.found)
        found += check_wire(journal, self.said)
        for report in self.reports():
            found += check_report(report, journal)
        found += check_known(self.ledger(), journal)
        return found + trial.check_ledger(self.ledger())


def executed_digests(journal):
    return {
        claim_digest(oracle.sent_values(entry["claim"])) for entry in journal if entry["executed"]
    }


def fill_list(workspace, journal):
    """Writes into list.csv what the gateway knows of each row there; the keys of their claims."""
    with open(workspace.file("list.csv"), encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        lines, header = list(reader), reader.fieldnames
    executed = executed_digests(journal)
    for line in lines:
        line["as"] = "accepted" if line["digest"] in executed else "not-executed"
    text = io.StringIO()
    writer = csv.DictWriter(text, header)
    writer.writeheader()
    writer.writerows(lines)
    workspace.write("list.csv", text.getvalue().encode("utf-8-sig"))
    return [key_of(line) for line in lines]


def by_claim(journal):
    claims = {}
    for entry in journal:
        if entry.get("claim") is not None:
            claims.setdefault(key_of(entry), []).append(entry)
    return claims


def check_wire(journal, said):
    """Nothing leaves after an attempt that may have been executed, but by a person's word; nothing that was
    accepted leaves again; and what was executed was so in the order of its amounts, once each."""
    found = []
    places = {id(entry): place for place, entry in enumerate(journal)}
    for key, entries in by_claim(journal).items():
        words = [at for at, of in said if of == key]
        executed = [-1]
        before = []
        for entry in entries:
            place, fee = places[id(entry)], fee_of(entry["claim"])
            for at, kind, of in before:
                if kind == "unknown" and not any(at < word <= place for word in words):
                    found.append(f"{key}: sent (line {entry['seq']}) after one that may be executed")
                elif kind == "accepted" and of == fee:
                    found.append(f"{key}: {fee} was accepted and is sent again (line {entry['seq']})")
            if entry["executed"]:
                if fee <= executed[-1]:
                    found.append(f"{key}: {fee} executed after {executed[-1]} (line {entry['seq']})")
                executed.append(max(fee, executed[-1]))
            before.append((place, class_of(entry), fee))
    return found


def class_of(entry):
    """An answer that says "accepted" of a claim that was not executed is damaged: the client may say
    so, or that it does not know."""
    kind = oracle.answer_class(entry)
    return "unknown" if kind == "accepted" and not entry["executed"] else kind


def check_report(path, journal):
    """What a report says of its rows is true."""
    try:
        lines, manifest = read_report(path), read_manifest(path)
    except Exception as error:
        return [f"row -: {os.path.basename(path)}: {type(error).__name__}: {error}"]
    found = []
    claims = by_claim(journal)
    for line in lines:
        entries = [
            entry
            for entry in claims.get(key_or_none(line), ())
            if str(entry["claim"]["claim_fee"]) == line["claim_fee"]
        ]
        text = check_line(line, entries)
        if text:
            found.append(f"row {line['row']} of {os.path.basename(path)}: {text}")
    if manifest["report"]["sha256"] != file_digest(path):
        found.append(f"row -: the manifest beside {os.path.basename(path)} is of another report")
    return found


def key_or_none(line):
    try:
        return key_of(line)
    except ValueError:
        return None


def check_line(line, entries):
    outcome = line["outcome"]
    if outcome == "accepted" and not any(entry["executed"] for entry in entries):
        return "accepted, and it never was executed"
    if line["code"] == "SUCCESS" and line["request_id"]:
        said = [e for e in entries if oracle.id_in_answer(e) == line["request_id"]]
        if said and oracle.answer_class(said[0]) != "accepted":
            return f"accepted by {line['request_id']}, which says otherwise"
    if line["code"] == "ALREADY_ACCEPTED" and not any(entry["executed"] for entry in entries):
        return "ALREADY_ACCEPTED, and it never was executed"
    if outcome == "rejected" and line["request_id"]:
        said = [e for e in entries if oracle.id_in_answer(e) == line["request_id"]]
        if not said or oracle.answer_class(said[0]) != "rejected":
            return "rejected, and no answer refused it"
    if outcome in ("failed", "invalid", "unsent") and line["submitted_at"]:
        mine = [e for e in attempts_of(line, entries) if e["executed"]]
        if mine:
            return f"{outcome}, and the gateway executed it (line {mine[0]['seq']})"
    return None


def attempts_of(line, entries):
    """What came of the row's last attempt: by the answer's own id, for another run may send the claim some
    milliseconds later; by the time where it had none, as the one that came nearest to it."""
    if line["request_id"]:
        return [e for e in entries if oracle.id_in_answer(e) == line["request_id"]]
    began = oracle.milliseconds(line["submitted_at"])
    near = [e for e in entries if abs(e["at_ms"] - began) < 50]
    return sorted(near, key=lambda entry: abs(entry["at_ms"] - began))[:1]


def check_known(ledger, journal):
    """Of each claim, the newest content that was executed is accepted in the ledger, or its attempt is
    open there."""
    found = []
    try:
        database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        accepted = {
            (row[1], row[0]): (row[2] or b"").hex()
            for row in database.execute(
                "SELECT claim_order_no, workcard_id, accepted_digest FROM claim"
            )
        }
        open_attempts = {
            (row[1], row[0])
            for row in database.execute("SELECT claim_order_no, workcard_id FROM open_attempt")
        }
        database.close()
    except sqlite3.Error as error:
        return [f"ledger: {error}"]
    for key, entries in by_claim(journal).items():
        executed = [entry for entry in entries if entry["executed"]]
        if not executed or key in open_attempts:
            continue
        digest = claim_digest(oracle.sent_values(executed[-1]["claim"]))
        if not accepted.get(key, "").startswith(digest):
            found.append(f"{key}: executed (line {executed[-1]['seq']}), and the ledger knows nothing of it")
    return found
