"""An oracle: is this report true?

It looks at the export, the report with its manifest, and the journal of the gateway, and knows
nothing of the program. What a row has to be is worked out here a second time, from the contract
(sections 3, 5 and 6) and the protocol (sections 4 to 6).
"""

import csv
import datetime
import decimal
import hashlib
import io
import json
import os
import re

from harness import FIELDS, OUTCOMES, claim_digest, read_manifest, read_report

STATUS_WORDS = {"未理赔": "0", "理赔成功": "1", "理赔失败": "2"}
BLANKS = " \t\u3000\u00a0"
INT64_MAX = 2**63 - 1

# Where a row was not sent for the sake of another one, or of an earlier run.
SKIPS = ("ALREADY_ACCEPTED", "DUPLICATE_IN_FILE", "SUPERSEDED")


# ---- the export ----


def value_of(cell, blanks=BLANKS):
    text = cell.strip(blanks)
    match = re.fullmatch(r'="([^"]*)"', text)
    return match.group(1).strip(blanks) if match else text


def whole_number(text):
    if not re.fullmatch(r"[0-9]+", text) or int(text) > INT64_MAX:
        raise ValueError(text)
    return str(int(text))


def fen_of(text, unit):
    if not re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?" if unit == "yuan" else r"[0-9]+", text):
        raise ValueError(text)
    fen = decimal.Decimal(text) * (100 if unit == "yuan" else 1)
    return whole_number(str(int(fen)))


TIME = re.compile(
    r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(Z|[+-]\d\d:\d\d)?)?"
)


def beijing_time(text):
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError(text)
    year, _, month, day, hour, minute, second, zone = match.groups()
    when = datetime.datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
    )
    if zone:
        offset = 0
        if zone != "Z":
            offset = int(zone[1:3]) * 60 + int(zone[4:6])
            offset = -offset if zone[0] == "-" else offset
        when += datetime.timedelta(minutes=8 * 60 - offset)
    return when


class ExportRow:
    """A row of the export: what a careful person would send of it."""

    def __init__(self, number, cells, columns, unit):
        self.number = number
        self.raw = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
        self.sent = None  # the seven values, or None for a row that must not be sent
        self.fee = 0
        try:
            self.sent = self._values(unit)
        except ValueError:
            return
        self.fee = int(self.sent[6])
        self.key = (int(self.sent[0]), self.sent[3])
        self.digest = claim_digest(self.sent)

    def _values(self, unit):
        cell = {name: value_of(self.raw.get(name, "")) for name in FIELDS}
        order_no, reason = value_of(cell["claim_order_no"], BLANKS + "\r\n"), cell["claim_desc"]
        status = STATUS_WORDS.get(cell["claim_status"], cell["claim_status"])
        fee = fen_of(cell["claim_fee"], unit)
        when = beijing_time(cell["claim_time"])
        if not order_no or len(order_no) > 128 or len(reason) > 2000 or status not in ("0", "1", "2"):
            raise ValueError
        if (status == "1") == (fee == "0") and status != "0":
            raise ValueError
        if status == "2" and not reason:
            raise ValueError
        count = "1" if "claim_count" not in self.raw else whole_number(cell["claim_count"])
        return (
            whole_number(cell["workcard_id"]),
            reason,
            count,
            order_no,
            status,
            when.strftime("%Y-%m-%d %H:%M:%S"),
            fee,
        )


def read_export(path, encoding="utf-8-sig", unit="fen"):
    """The rows of an export whose headers are the names of the API."""
    with open(path, "rb") as file:
        text = file.read().decode(encoding)
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, columns, width = [], None, 0
    for number, cells in enumerate(records, 1):
        if not cells:
            continue
        if columns is None:
            columns = {name: cells.index(name) for name in FIELDS if name in cells}
            width = len(cells)
            continue
        row = ExportRow(number, cells, columns, unit)
        if len(cells) != width:
            row.sent = None
        rows.append(row)
    return rows


# ---- the journal ----


def code_class(code, sub_code):
    """Protocol section 6, read once more: again, ban, stop, rejected or unknown."""
    isp = sub_code.startswith("isp.")
    if isp:
        spared = sub_code == "isp.call-limited" or "service-unavailable" in sub_code
        return "again" if spared and (code in (15, 50) or code > 100) else "unknown"
    if code == 7 and "limited-by-app-access-count" in sub_code:
        return "stop"
    if code in (4, 5, 6, 7, 8):
        return "ban"
    if code in (1, 10):
        return "again"
    if code in (9, 11, 12, 13, 42, 44) or 21 <= code <= 34:
        return "stop"
    if code in (40, 41, 43, 47) or sub_code.startswith("isv."):
        return "rejected"
    return "unknown"


def once(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a key twice: nobody knows which is meant")
    return dict(pairs)


def as_boolean(value):
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def note_company(journal):
    """JSON that breaks off in one part of a batch answer may leave in doubt where the next part begins:
    then a careful client believes none of them."""
    broken = {e["batch"] for e in journal if e.get("batch") and "malformed" in (e["fault"] or "")}
    for entry in journal:
        entry["in_doubt"] = bool(entry.get("fault")) or entry.get("batch") in broken


def answer_class(entry):
    """What a client that read the whole answer may say: accepted, rejected, again, ban, stop or
    unknown."""
    status = entry["http_status"]
    if entry.get("refused"):
        return "again"  # HTTP/2 says so
    cut = entry.get("phase") == "mid-answer" and entry["fault"] != "executed-slow"
    if status is None or cut:
        return "unknown"
    if entry.get("batch") and "part-less" in (entry["fault"] or ""):
        return "unknown"  # nobody knows whose part is missing
    if status == 429:
        return "again"
    if 300 <= status < 400 or status in (401, 403, 404, 405, 413):
        return "stop"
    if status != 200:
        return "unknown"
    try:
        answer = json.loads(entry["answer"] or "", strict=False, object_pairs_hook=once)
    except ValueError:
        return "unknown"
    error = answer.get("error_response") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        try:
            return code_class(int(error.get("code")), str(error.get("sub_code") or ""))
        except (TypeError, ValueError):
            return "unknown"
    if not isinstance(answer, dict):
        return "unknown"
    claim = answer.get("tmall_serivcecenter_workcard_insurance_claim_response", answer)
    said = as_boolean(claim.get("is_success")) if isinstance(claim, dict) else None
    # The number 1 is no Boolean, though Python takes it for one.
    return "accepted" if said is True else "rejected" if said is False else "unknown"


# Of these classes the claim surely did not execute, and it may be sent again by the same run.
SURELY_NOT = ("again", "ban", "stop")


def sent_values(claim):
    """The seven values of a journaled claim object, as the report shows them."""
    return tuple(str(claim[name]) if name in claim else "" for name in FIELDS)


# ---- the judgement ----


class Oracle:
    """Compares; every violation is one sentence that begins with its row."""

    def __init__(
        self,
        rows,
        report,
        manifest,
        journal,
        earlier=(),
        crashed=False,
        starts=1,
        check_validity=True,
        batch=1,
        died=0,
    ):
        self.rows = rows
        self.report = report
        self.manifest = manifest
        self.journal = list(journal)
        self.earlier = list(earlier)  # the journal of earlier exports
        note_company(self.journal)
        self.batch = batch  # most claims of a call
        self.died = died  # attempts that may have ended with their connection before they were read
        self.crashed = crashed  # a run was killed: unknown needs no further reason
        self.starts = starts
        self.check_validity = check_validity
        self.found = []

    def say(self, row, text):
        self.found.append(f"row {row}: {text}")

    def violations(self):
        if len(self.report) != len(self.rows):
            self.say("-", f"{len(self.report)} report lines for {len(self.rows)} rows")
        numbers = [line["row"] for line in self.report]
        if numbers != [str(row.number) for row in self.rows]:
            self.say("-", "the rows of the report are not those of the export, in its order")
        if self.found:
            return self.found  # nothing can be compared line by line
        self.line_of = {line["row"]: line for line in self.report}
        self._attribute()
        self._check_wire()
        for row, line in zip(self.rows, self.report):
            self._check_line(row, line)
        self._check_unknown_count()
        self._check_manifest()
        return self.found

    # ---- which line of the journal belongs to which row ----

    def _attribute(self):
        """Rows of one claim are sent in file order, so its journal lines are walked in parallel."""
        rows_of = {}
        for row in self.rows:
            row.lines = []
            if row.sent:
                rows_of.setdefault(row.key, []).append(row)
        place = {}
        for entry in self.journal:
            if entry.get("claim") is None:
                continue
            key = (entry["workcard_id"], entry["claim_order_no"])
            values = sent_values(entry["claim"])
            rows = rows_of.get(key, [])
            at = place.get(key, 0)
            while at < len(rows) and rows[at].sent != values:
                at += 1
            if at == len(rows):
                same = [row for row in rows if row.sent == values]
                if same:
                    self.say(same[0].number, f"{key} was sent out of file order (line {entry['seq']})")
                elif rows:
                    self.say(
                        rows[0].number,
                        f"sent as {values}, which is no row of the export (line {entry['seq']})",
                    )
                else:
                    self.say("-", f"{key} was sent and is in no row that may be sent")
                continue
            place[key] = at
            rows[at].lines.append(entry)

    # ---- the wire ----

    def _check_wire(self):
        """No request after one whose outcome may be an execution; nothing executed twice."""
        rows_of = {}
        for row in self.rows:
            if row.sent:
                rows_of.setdefault(row.key, []).append(row)
        before = {}
        for entry in self.earlier:
            if entry.get("claim") is not None:
                key = (entry["workcard_id"], entry["claim_order_no"])
                before.setdefault(key, []).append(entry)
        for key, rows in rows_of.items():
            self._check_claim(rows, before.get(key, []))

    def _check_claim(self, rows, before):
        last_class = answer_class(before[-1]) if before else None
        last_row, last = None, before[-1] if before else None
        executed = {sent_values(e["claim"]) for e in before[-1:] if e["executed"]}
        for row in rows:
            for entry in row.lines:
                if last_class == "unknown":
                    self.say(row.number, "on the wire after an attempt that may have been executed")
                if last_row is row and last_class in ("accepted", "rejected"):
                    self.say(row.number, f"on the wire again after it was {last_class}")
                if last is not None and "ended_ms" in last and entry["at_ms"] < last["ended_ms"]:
                    self.say(row.number, "two requests of its claim were under way at once")
                if entry["executed"]:
                    if row.sent in executed:
                        self.say(row.number, "executed a second time")
                    executed = {row.sent}
                last, last_row, last_class = entry, row, answer_class(entry)
        self._check_overlap(rows)

    def _check_overlap(self, rows):
        """By the report's own clock: a row's last attempt ends before a later row's first begins."""
        end, of = None, None
        for row in rows:
            if end is not None and row.lines and row.lines[0]["at_ms"] + 2 < end:
                self.say(row.number, f"was under way before row {of} of its claim had ended")
            line = self.line_of[str(row.number)]
            if row.lines and line["submitted_at"] and line["duration_ms"]:
                end = milliseconds(line["submitted_at"]) + int(line["duration_ms"])
                of = row.number

    # ---- one line of the report ----

    def _check_line(self, row, line):
        outcome = line["outcome"]
        if outcome not in OUTCOMES:
            self.say(row.number, f"there is no outcome {outcome}")
            return
        if self.check_validity and (outcome == "invalid") != (row.sent is None):
            self.say(row.number, f"{outcome} ({line['code']}), but the row is " + (
                "good" if row.sent else "bad"))
            return
        if outcome == "invalid":
            self._check_invalid(row, line)
            return
        if row.sent is None:
            return
        if tuple(line[name] for name in FIELDS) != row.sent:
            self.say(row.number, f"the fields are {[line[name] for name in FIELDS]}, not {row.sent}")
        if line["digest"] != row.digest:
            self.say(row.number, f"the digest is {line['digest']}, not {row.digest}")
        if not line["code"] and outcome != "accepted":
            self.say(row.number, f"{outcome} without a code")
        getattr(self, "_check_" + outcome)(row, line)
        self._check_attempts(row, line)

    def _check_invalid(self, row, line):
        if line["digest"] or line["submitted_at"] or line["request_id"] or line["attempts"] != "0":
            self.say(row.number, "invalid, with traces of a request")
        for name, raw in row.raw.items():
            if line[name] != raw:
                self.say(row.number, f"{name} is {line[name]!r}, not the raw text {raw!r}")

    def _last(self, row):
        return row.lines[-1] if row.lines else None

    def _check_accepted(self, row, line):
        last = self._last(row)
        if last is None or not (last["executed"] and last["accepted"]):
            self.say(row.number, "accepted, but the gateway did not execute and accept it")
        elif answer_class(last) != "accepted":
            self.say(row.number, "accepted, but no answer said so")
        elif line["request_id"] != id_in_answer(last):
            self.say(row.number, f"request_id {line['request_id']}, not {id_in_answer(last)}")

    def _not_executed(self, row, line):
        if any(entry["executed"] for entry in row.lines):
            self.say(row.number, f"{line['outcome']}, but the gateway executed it")

    def _check_rejected(self, row, line):
        self._not_executed(row, line)
        last = self._last(row)
        if last is None or answer_class(last) != "rejected":
            self.say(row.number, "rejected, but no answer refused it")
        elif line["request_id"] != id_in_answer(last):
            self.say(row.number, f"request_id {line['request_id']}, not {id_in_answer(last)}")

    def _check_failed(self, row, line):
        self._not_executed(row, line)
        if not row.lines:
            self.say(row.number, "failed, but no attempt came")
        elif any(answer_class(entry) not in SURELY_NOT for entry in row.lines):
            self.say(row.number, "failed, but an answer of another kind came")

    def _check_unsent(self, row, line):
        self._not_executed(row, line)
        if any(answer_class(entry) not in SURELY_NOT for entry in row.lines):
            self.say(row.number, "unsent, but an answer came that says otherwise")

    def _check_skipped(self, row, line):
        self._not_executed(row, line)
        if row.lines:
            self.say(row.number, f"skipped {line['code']}, but it was on the wire")
        if line["code"] not in SKIPS:
            self.say(row.number, f"skipped for {line['code']}")
        elif line["code"] == "DUPLICATE_IN_FILE":
            before = self._before(row)
            if before is None or before.sent != row.sent:
                self.say(row.number, "DUPLICATE_IN_FILE, but the row before it is another")
        elif not any(
            (entry["workcard_id"], entry["claim_order_no"]) == row.key
            and entry["accepted"]
            and (line["code"] != "ALREADY_ACCEPTED" or sent_values(entry["claim"]) == row.sent)
            for entry in self.earlier + self.journal
            if entry.get("claim") is not None
        ):
            self.say(row.number, f"{line['code']}, but the gateway never accepted it")

    def _before(self, row):
        found = None
        for other in self.rows:
            if other is row:
                return found
            if other.sent and other.key == row.key:
                found = other
        return None

    def _check_unknown(self, row, line):
        if line["code"] == "UNSETTLED":
            if row.lines:
                self.say(row.number, "UNSETTLED, but it was on the wire")
            return
        last = self._last(row)
        if last is None or self.crashed:
            return
        if answer_class(last) != "unknown" and not last["in_doubt"]:
            self.say(row.number, f"unknown, though the answer was {answer_class(last)}")

    def _check_attempts(self, row, line):
        if not re.fullmatch(r"\d+", line["attempts"]):
            self.say(row.number, f"attempts is {line['attempts']!r}")
            return
        attempts, came = int(line["attempts"]), len(row.lines)
        # An attempt that is unknown may have died on its way.
        spare = 1 if line["outcome"] == "unknown" or self.died else 0
        if self.starts == 1 and not came <= attempts <= came + spare:
            self.say(row.number, f"{attempts} attempts, of which {came} came")
        if self.starts > 1 and attempts > came + spare:
            self.say(row.number, f"{attempts} attempts, of which {came} came")
        if bool(line["submitted_at"]) != (attempts > 0):
            self.say(row.number, f"{attempts} attempts, submitted at {line['submitted_at']!r}")

    def _check_unknown_count(self):
        """Unknown rows that never came were struck before they could be read."""
        if self.crashed:
            return
        silent = [
            row.number
            for row, line in zip(self.rows, self.report)
            if line["outcome"] == "unknown"
            and line["code"] != "UNSETTLED"
            and len(row.lines) < int(line["attempts"] or 0)
        ]
        struck = self.died + sum(1 for entry in self.journal if entry.get("claim") is None)
        if len(silent) > struck * self.batch:
            self.say(silent[0], f"{len(silent)} unknown rows never came, {struck} were struck before")

    # ---- the manifest ----

    def _check_manifest(self):
        if self.manifest is None:
            return
        m = self.manifest
        for outcome in OUTCOMES:
            lines = [
                (row, line) for row, line in zip(self.rows, self.report) if line["outcome"] == outcome
            ]
            # What an invalid row would cost is not known.
            fee = 0 if outcome == "invalid" else sum(row.fee for row, _ in lines)
            said = m["outcomes"].get(outcome, {"rows": 0, "fee_fen": 0})
            if said["rows"] != len(lines):
                self.say("-", f"the manifest says {said['rows']} {outcome}, it is {len(lines)}")
            if said["fee_fen"] != fee:
                self.say("-", f"the manifest says {said['fee_fen']} fen {outcome}, it is {fee}")
        codes = {}
        for line in self.report:
            if line["code"]:
                codes[line["code"]] = codes.get(line["code"], 0) + 1
        if {code: rows for code, rows in m["codes"].items() if code} != codes:
            self.say("-", f"the manifest counts {m['codes']}, it is {codes}")
        unsent = any(line["outcome"] == "unsent" for line in self.report)
        if m["complete"] and (unsent or m["stopped_because"]):
            self.say("-", "complete, though rows are unsent or the run was stopped")
        if m["report"]["rows"] != len(self.report) or m["input"]["rows"] != len(self.rows):
            self.say("-", "the manifest's numbers of rows are wrong")


def id_in_answer(entry):
    """The request_id that the client could read; a gateway may leave it out."""
    match = re.search(r'"request_id" *: *"([^"]*)"', entry["answer"] or "")
    return match.group(1) if match else ""


def milliseconds(rfc3339):
    when = datetime.datetime.fromisoformat(rfc3339)
    return round(when.timestamp() * 1000)


def check_files(claims, report_path, manifest):
    """What the manifest says of the two files themselves."""
    found = []
    for name, path in (("input", claims), ("report", report_path)):
        with open(path, "rb") as file:
            data = file.read()
        said = manifest[name]
        if said["sha256"] != hashlib.sha256(data).hexdigest():
            found.append(f"row -: the manifest's sha256 of the {name} is wrong")
        if said["bytes"] != len(data):
            found.append(f"row -: the manifest's bytes of the {name} are wrong")
        if said["name"] != os.path.basename(path):
            found.append(f"row -: the manifest names the {name} {said['name']}")
    return found


def judge(claims, report_path, journal, encoding="utf-8-sig", unit="fen", **how):
    """All violations of one export and its published report."""
    report = read_report(report_path)
    manifest = read_manifest(report_path)
    rows = read_export(claims, encoding, unit)
    found = Oracle(rows, report, manifest, journal, **how).violations()
    return found + check_files(claims, report_path, manifest)
