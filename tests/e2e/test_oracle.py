"""The oracle notices each kind of lie, and finds nothing in a report that is true."""

import copy
import json
import unittest

from harness import FIELDS, OUTCOMES, REPORT_COLUMNS, claim_digest, claim_row, error_body
from harness import accepted_body, rejected_body
from oracle import ExportRow, Oracle, code_class

COLUMNS = {name: at for at, name in enumerate(FIELDS)}


def export(*claims):
    return [
        ExportRow(2 + at, [claim[name] for name in FIELDS], COLUMNS, "fen")
        for at, claim in enumerate(claims)
    ]


def journaled(row, seq, body, executed=False, accepted=False, status=200, **more):
    claim = {
        name: int(value) if name not in ("claim_desc", "claim_order_no", "claim_time") else value
        for name, value in zip(FIELDS, row.sent)
        if value
    }
    entry = {
        "seq": seq,
        "at_ms": 1000 * seq,
        "workcard_id": row.key[0],
        "claim_order_no": row.key[1],
        "claim": claim,
        "executed": executed,
        "accepted": accepted,
        "fault": None,
        "http_status": status,
        "answer": body,
        "request_id": f"r{seq}",
    }
    entry.update(more)
    return entry


def reported(row, outcome, code, attempts=1, request_id="", **more):
    sent = row.sent or tuple(row.raw[name] for name in FIELDS)
    line = dict.fromkeys(REPORT_COLUMNS, "")
    line.update(zip(FIELDS, sent))
    line.update(
        row=str(row.number),
        outcome=outcome,
        code=code,
        attempts=str(attempts),
        request_id=request_id,
        submitted_at="1970-01-01T08:00:00.000+08:00" if attempts else "",
        duration_ms="5" if attempts else "",
        digest=claim_digest(row.sent) if row.sent else "",
    )
    line.update(more)
    return line


def manifest_of(rows, report):
    outcomes = {name: {"rows": 0, "fee_fen": 0} for name in OUTCOMES}
    codes = {}
    for row, line in zip(rows, report):
        outcomes.setdefault(line["outcome"], {"rows": 0, "fee_fen": 0})
        outcomes[line["outcome"]]["rows"] += 1
        outcomes[line["outcome"]]["fee_fen"] += row.fee
        codes[line["code"]] = codes.get(line["code"], 0) + 1
    return {
        "outcomes": outcomes,
        "codes": codes,
        "complete": outcomes["unsent"]["rows"] == 0,
        "stopped_because": None,
        "report": {"rows": len(report)},
        "input": {"rows": len(rows)},
    }


class Truth:
    """One true story with every outcome; a test tells one lie in it."""

    def __init__(self):
        self.rows = export(
            claim_row(1),
            claim_row(2),
            claim_row(3),
            claim_row(4),
            claim_row(5, claim_fee="0"),
            claim_row(1),
            claim_row(7),
            claim_row(8),
        )
        one, two, three, four, _, _, seven, eight = self.rows
        again = error_body(1)
        self.journal = [
            journaled(one, 1, accepted_body("r1"), True, True),
            journaled(two, 2, rejected_body("r2")),
            journaled(three, 3, again),
            journaled(three, 4, again),
            journaled(four, 5, None, True, True, status=None, fault="executed-close"),
            journaled(eight, 6, again),
            journaled(eight, 7, accepted_body("r7"), True, True),
        ]
        self.report = [
            reported(one, "accepted", "SUCCESS", request_id="r1"),
            reported(two, "rejected", "NO", request_id="r2"),
            reported(three, "failed", "1", attempts=2),
            reported(four, "unknown", "CONNECTION_CLOSED"),
            reported(self.rows[4], "invalid", "SUCCESS_WITHOUT_FEE", attempts=0),
            reported(self.rows[5], "skipped", "DUPLICATE_IN_FILE", attempts=0),
            reported(seven, "unsent", "NOT_SENT", attempts=0),
            reported(eight, "accepted", "SUCCESS", attempts=2, request_id="r7"),
        ]
        self.manifest = manifest_of(self.rows, self.report)

    def violations(self, **how):
        return Oracle(self.rows, self.report, self.manifest, self.journal, **how).violations()


def swap_outcome(at, outcome):
    def lie(t):
        t.report[at]["outcome"] = outcome
        t.manifest = manifest_of(t.rows, t.report)

    return lie


def change(at, **cells):
    def lie(t):
        t.report[at].update(cells)
        t.manifest = manifest_of(t.rows, t.report)

    return lie


def lose_line(t):
    del t.report[2]


def swap_lines(t):
    t.report[0], t.report[1] = t.report[1], t.report[0]


def double_line(t):
    t.report.append(copy.deepcopy(t.report[-1]))


def send_again(at, **more):
    """A further journal line for a row."""

    def lie(t):
        t.journal.append(journaled(t.rows[at], 8, accepted_body("r8"), **more))

    return lie


def send_changed(t):
    changed = export(claim_row(1, claim_fee="999"))[0]
    t.journal.append(journaled(changed, 8, accepted_body("r8"), True, True))


def send_stranger(t):
    stranger = export(claim_row(99))[0]
    t.journal.append(journaled(stranger, 8, accepted_body("r8"), True, True))


def send_invalid(t):
    entry = copy.deepcopy(t.journal[0])
    entry.update(workcard_id=700000000005, claim_order_no="CL00000005", seq=8)
    t.journal.append(entry)


def forget(at):
    def lie(t):
        del t.journal[at]

    return lie


def manifest_says(path, value):
    def lie(t):
        place = t.manifest
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return lie


# The lie, and what one of the sentences has to hold.
LIES = {
    "a line is lost": (lose_line, "7 report lines for 8 rows"),
    "two lines changed places": (swap_lines, "not those of the export"),
    "a line is there twice": (double_line, "9 report lines"),
    "a row number is wrong": (change(3, row="77"), "not those of the export"),
    "accepted for rejected": (swap_outcome(1, "accepted"), "row 3: accepted, but"),
    "accepted for failed": (swap_outcome(2, "accepted"), "row 4: accepted, but"),
    "accepted for executed without answer": (swap_outcome(3, "accepted"), "row 5: accepted, but no"),
    "accepted for never sent": (swap_outcome(6, "accepted"), "row 8: accepted, but"),
    "accepted by an answer of another": (change(0, request_id="r7"), "row 2: request_id"),
    "rejected for accepted": (swap_outcome(0, "rejected"), "row 2: rejected, but the gateway exec"),
    "rejected for never refused": (swap_outcome(2, "rejected"), "row 4: rejected, but no answer"),
    "failed for executed": (swap_outcome(3, "failed"), "row 5: failed, but the gateway executed"),
    "failed for rejected": (swap_outcome(1, "failed"), "row 3: failed, but an answer of another"),
    "failed for never sent": (swap_outcome(6, "failed"), "row 8: failed, but no attempt"),
    "unsent for executed": (swap_outcome(3, "unsent"), "row 5: unsent, but the gateway executed"),
    "unsent for accepted": (swap_outcome(0, "unsent"), "row 2: unsent, but the gateway executed"),
    "unsent for rejected": (swap_outcome(1, "unsent"), "row 3: unsent, but an answer"),
    "unknown for accepted": (swap_outcome(0, "unknown"), "row 2: unknown, though"),
    "unknown for never sent": (
        change(6, outcome="unknown", code="TIMEOUT", attempts="1", submitted_at="x"),
        "unknown rows never came",
    ),
    "invalid for good": (swap_outcome(6, "invalid"), "row 8: invalid"),
    "unsent for invalid": (swap_outcome(4, "unsent"), "row 6: unsent"),
    "skipped for sent": (
        change(3, outcome="skipped", code="ALREADY_ACCEPTED"),
        "row 5: skipped ALREADY_ACCEPTED, but it was on the wire",
    ),
    "already accepted for never": (
        change(6, outcome="skipped", code="ALREADY_ACCEPTED"),
        "row 8: ALREADY_ACCEPTED, but the gateway never",
    ),
    "a duplicate of nothing": (
        change(6, outcome="skipped", code="DUPLICATE_IN_FILE"),
        "row 8: DUPLICATE_IN_FILE, but",
    ),
    "no such outcome": (change(0, outcome="fine"), "there is no outcome"),
    "a fee of another amount": (change(0, claim_fee="1"), "row 2: the fields are"),
    "a digest of another": (change(0, digest="0" * 32), "row 2: the digest"),
    "an attempt too few": (change(7, attempts="1"), "row 9: 1 attempts, of which 2 came"),
    "an attempt too many": (change(0, attempts="2"), "row 2: 2 attempts, of which 1 came"),
    "sent at no time": (change(0, submitted_at=""), "row 2: 1 attempts, submitted at ''"),
    "sent again after accepted": (send_again(7), "row 9: on the wire again after it was accepted"),
    "sent again after unknown": (send_again(3), "row 5: on the wire after an attempt"),
    "sent again after rejected": (send_again(1), "row 3: on the wire again after it was rejected"),
    "executed twice": (send_again(7, executed=True, accepted=True), "row 9: executed a second"),
    "sent with other content": (send_changed, "which is no row of the export"),
    "sent what is in no row": (send_stranger, "in no row that may be sent"),
    "sent an invalid row": (send_invalid, "in no row that may be sent"),
    "the journal has no such request": (forget(0), "row 2: accepted, but"),
    "rows are counted wrong": (
        manifest_says(("outcomes", "accepted", "rows"), 3),
        "the manifest says 3 accepted, it is 2",
    ),
    "money is counted wrong": (
        manifest_says(("outcomes", "accepted", "fee_fen"), 1),
        "the manifest says 1 fen accepted",
    ),
    "codes are counted wrong": (manifest_says(("codes", "SUCCESS"), 9), "the manifest counts"),
    "complete though it is not": (manifest_says(("complete",), True), "complete, though"),
    "rows of the input are wrong": (manifest_says(("input", "rows"), 9), "numbers of rows"),
}


class OracleTest(unittest.TestCase):
    def test_finds_nothing_in_a_true_report(self):
        self.assertEqual(Truth().violations(), [])

    def test_notices_each_lie(self):
        for name, (lie, words) in LIES.items():
            with self.subTest(name):
                truth = Truth()
                lie(truth)
                found = truth.violations()
                self.assertTrue(any(words in sentence for sentence in found), found)

    def test_notices_rows_of_one_claim_out_of_order(self):
        rows = export(claim_row(1), claim_row(1, claim_fee="500"))
        first, second = rows
        journal = [
            journaled(second, 1, accepted_body("r1"), True, True),
            journaled(first, 2, accepted_body("r2"), True, True),
        ]
        report = [
            reported(first, "accepted", "SUCCESS", request_id="r2"),
            reported(second, "accepted", "SUCCESS", request_id="r1"),
        ]
        found = Oracle(rows, report, manifest_of(rows, report), journal).violations()
        self.assertTrue(any("out of file order" in sentence for sentence in found), found)

    def test_notices_rows_of_one_claim_under_way_at_once(self):
        rows = export(claim_row(1), claim_row(1, claim_fee="500"))
        first, second = rows
        journal = [
            journaled(first, 1, accepted_body("r1"), True, True, ended_ms=3000),
            journaled(second, 2, accepted_body("r2"), True, True),
        ]
        report = [
            reported(first, "accepted", "SUCCESS", request_id="r1"),
            reported(second, "accepted", "SUCCESS", request_id="r2"),
        ]
        found = Oracle(rows, report, manifest_of(rows, report), journal).violations()
        self.assertTrue(any("under way at once" in sentence for sentence in found), found)
        journal[0]["ended_ms"] = 1500
        self.assertEqual(Oracle(rows, report, manifest_of(rows, report), journal).violations(), [])

    def test_notices_overlap_by_the_report_when_the_journal_has_no_end(self):
        rows = export(claim_row(1), claim_row(1, claim_fee="500"))
        first, second = rows
        journal = [
            journaled(first, 1, accepted_body("r1"), True, True),
            journaled(second, 2, accepted_body("r2"), True, True),
        ]
        report = [
            reported(
                first,
                "accepted",
                "SUCCESS",
                request_id="r1",
                submitted_at="1970-01-01T08:00:01.000+08:00",
                duration_ms="1500",
            ),
            reported(second, "accepted", "SUCCESS", request_id="r2"),
        ]
        found = Oracle(rows, report, manifest_of(rows, report), journal).violations()
        self.assertTrue(any("before row 2 of its claim had ended" in s for s in found), found)

    def test_knows_the_classes_of_codes(self):
        table = (
            (1, "", "again"),
            (10, "", "again"),
            (15, "isp.top-service-unavailable", "again"),
            (15, "isp.call-limited", "again"),
            (22, "isp.call-limited", "unknown"),
            (15, "isp.remote-service-error", "unknown"),
            (15, "", "unknown"),
            (15, "isv.x", "rejected"),
            (7, "accesscontrol.limited-by-api-access-count", "ban"),
            (7, "accesscontrol.limited-by-app-access-count", "stop"),
            (25, "", "stop"),
            (41, "", "rejected"),
            (55, "", "unknown"),
        )
        for code, sub_code, expected in table:
            with self.subTest(code=code, sub_code=sub_code):
                self.assertEqual(code_class(code, sub_code), expected)

    def test_takes_a_doubled_answer_for_none(self):
        truth = Truth()
        body = json.loads(accepted_body("r1"))
        text = json.dumps(body).replace('"is_success": true', '"is_success": true, "is_success": false')
        truth.journal[0]["answer"] = text
        self.assertTrue(any("no answer said so" in s for s in truth.violations()))


if __name__ == "__main__":
    unittest.main()
