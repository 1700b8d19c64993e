"""Claims that were accepted and come again with other content: told with their money, braked, held
back (contract section 6, changed-since-accepted)."""

import json
import signal
import sqlite3
import threading
import unittest

import oracle
from harness import DaysCase, Reply, accept, claim_row, claim_rows, error_body, http


def raised(count, by=1000, first=1):
    """The same claims with other fees."""
    return [
        claim_row(i, claim_fee=str(100 + i + by)) for i in range(first, first + count)
    ]


class CorrectionCase(DaysCase):
    def changed(self, name="claims.report.csv"):
        return self.ws.read_manifest(name)["changed"]


def history(claims, *fees):
    """Each claim as often as there are fees, as an export tells what became of it."""
    return [claim_row(i, claim_fee=str(fee)) for fee in fees for i in range(1, claims + 1)]


class HistoryTest(CorrectionCase):
    """An export that tells how its claims came about, and comes again with more of it."""

    def codes(self):
        return [line["code"] for line in self.ws.read_report()]

    def test_what_its_own_later_rows_replaced_is_not_sent_again(self):
        self.assertExit(self.day(history(40, 100, 200)), 0)
        self.assertEqual(len(self.gate.requests), 80)
        for more in range(41, 44):  # each day more rows, so each day another run
            rows = history(40, 100, 200) + claim_rows(more - 40, first=41)
            self.ws.export(rows)
            dry = self.ws.upload(self.gate, "--dry-run")
            self.assertRegex(dry.out, r"40 rows +40\.00 yuan +older than what was accepted")
            self.assertNotIn("changed since", dry.out)
            self.assertExit(self.ws.upload(self.gate), 0)
            self.assertEqual(len(self.gate.requests), 80 + more - 40)
            self.assertEqual(self.codes()[:80], ["SUPERSEDED"] * 40 + ["ALREADY_ACCEPTED"] * 40)
            self.assertEqual(self.changed()["rows"], 0)
            self.assertExit(self.ws.run("audit", self.ws.file("claims.report.csv")), 0)

    def test_only_rows_behind_what_was_accepted_are_corrections(self):
        self.assertExit(self.day(history(3, 100, 200)), 0)
        self.assertExit(self.day(history(3, 100, 200, 100, 300)), 0)
        fees = [request.claim["claim_fee"] for request in self.gate.requests]
        self.assertEqual(sorted(fees[6:]), [100] * 3 + [300] * 3)
        self.assertEqual(self.codes()[:6], ["SUPERSEDED"] * 3 + ["ALREADY_ACCEPTED"] * 3)

    def test_so_it_is_where_the_run_is_gone_on_with(self):
        self.assertExit(self.day(history(3, 100, 200)), 0)
        rows = history(3, 100, 200) + claim_rows(9, first=20) + history(3, 300)
        self.assertExit(self.day(rows, "--limit", "4"), 4)
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(len(self.gate.requests), 6 + 9 + 3)

    def test_so_it_is_where_corrections_are_held_back(self):
        self.assertExit(self.day(history(3, 100, 200)), 0)
        rows = history(3, 100, 200) + claim_rows(1, first=20)
        self.assertExit(self.day(rows, "--rule", "changed-since-accepted=error"), 0)
        self.assertEqual(len(self.gate.requests), 7)


class ToldTest(CorrectionCase):
    def test_changed_amounts_are_told_with_the_money_before_and_after(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        result = self.day(raised(3) + claim_rows(3, first=4))
        self.assertExit(result, 0)
        self.assertSays(
            result,
            "rows accepted already: 2, unknown: 0, new: 1; changed since they were accepted: 3 "
            "rows, 3.06 yuan before, 33.06 yuan now",
            "sent, though their claim was accepted with other content: 3 rows, 3.06 yuan before, "
            "33.06 yuan now",
        )
        self.assertEqual(
            {k: v for k, v in self.changed().items() if k != "held_back"},
            {
                "rows": 3,
                "fee_fen_before": 306,
                "fee_fen_after": 3306,
                "rows_without_before": 0,
            },
        )
        self.assertEqual(
            [line["warnings"] for line in self.ws.read_report()],
            ["CHANGED_SINCE_ACCEPTED"] * 3 + [""] * 3,
        )
        self.assertEqual(self.changed()["held_back"]["rows"], 0)

    def test_the_same_command_again_tells_it_again(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        self.assertExit(self.day(raised(3)), 0)
        result = self.ws.upload(self.gate)
        self.assertExit(result, 0)
        self.assertSays(result, "3 rows, 3.06 yuan before, 33.06 yuan now")

    def test_what_an_older_ledger_does_not_know_is_said(self):
        self.assertExit(self.day(claim_rows(4)), 0)
        with sqlite3.connect(self.ws.ledger) as database:
            database.execute("UPDATE claim SET accepted_fee=NULL WHERE claim_order_no<>'CL00000001'")
        database.close()
        result = self.day(raised(3))
        self.assertExit(result, 0)
        self.assertSays(
            result, "3 rows, 1.01 yuan before, 33.06 yuan now (before: not known for 2)"
        )
        self.assertEqual(self.changed()["rows_without_before"], 2)

    def test_another_reason_at_the_same_amount_is_a_change_too(self):
        refused = dict(claim_status="2", claim_fee="0")
        self.assertExit(self.day([claim_row(1, claim_desc="early", **refused)]), 0)
        result = self.day([claim_row(1, claim_desc="late", **refused)])
        self.assertExit(result, 0)
        self.assertSays(result, "1 row, 0.00 yuan before, 0.00 yuan now")

    def test_without_the_warning_it_is_counted_all_the_same(self):
        self.assertExit(self.day(claim_rows(2)), 0)
        result = self.day(raised(2), "--rule", "changed-since-accepted=off")
        self.assertExit(result, 0)
        self.assertEqual([line["warnings"] for line in self.ws.read_report()], ["", ""])
        self.assertEqual(self.changed()["rows"], 2)

    def test_a_dry_run_tells_it_too(self):
        self.assertExit(self.day(claim_rows(60)), 0)
        self.ws.export(raised(60))
        result = self.ws.upload(self.gate, "--dry-run")
        self.assertExit(result, 0)
        self.assertIn("60 rows, 78.30 yuan before, 678.30 yuan now", result.out)
        self.assertIn("nothing would be sent", result.out)

    def test_changes_of_all_starts_of_a_run_are_added_up(self):
        self.assertExit(self.day(claim_rows(6)), 0)
        self.assertExit(self.day(raised(6), "--limit", "2"), 4)
        self.assertEqual(self.changed()["rows"], 2)
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(self.changed()["rows"], 6)
        self.assertEqual(self.changed()["fee_fen_after"], 621 + 6000)

    def test_a_row_that_was_recalled_is_not_counted(self):
        """SIGINT while the first of them waits: the others were never handed over."""
        self.assertExit(self.day(claim_rows(6)), 0)
        held = threading.Event()
        self.addCleanup(held.set)
        self.gate.script = lambda request: held.wait(60) and accept(request)
        self.ws.export(raised(6))
        run = self.ws.start_upload(self.gate, "--in-flight", "1", "--workers", "1")
        self.gate.wait_for_requests(7)
        run.send_signal(signal.SIGINT)
        run.wait_for_words("stopping")
        held.set()
        self.assertExit(run.finish(), 130)
        self.assertEqual(self.changed()["rows"], 1)


class BrakeTest(CorrectionCase):
    def test_a_slip_of_unit_over_a_cumulative_export_sends_nothing(self):
        self.assertExit(self.day(claim_rows(100)), 0)
        rows = [dict(row, claim_fee=row["claim_fee"] + "00") for row in claim_rows(100)]
        result = self.day(rows + [claim_row(200)])
        self.assertExit(result, 4)
        self.assertSays(
            result, "100 rows, 150.50 yuan before, 15,050.00 yuan now", "--max-changed 100"
        )
        self.assertEqual(len(self.gate.requests), 100)
        self.assertTally({"unsent": 101})
        self.assertEqual(self.ws.read_manifest()["stopped_because"], "max-changed")
        result = self.ws.upload(self.gate, "--max-changed", "100")
        self.assertExit(result, 0)
        self.assertEqual(len(self.gate.requests), 201)

    def test_twenty_rows_or_five_percent_are_let_through(self):
        self.assertExit(self.day(claim_rows(600)), 0)
        for changed, rows, code in ((20, 50, 0), (21, 50, 4), (30, 600, 0), (31, 600, 4)):
            with self.subTest(changed=changed, rows=rows):
                by = changed + rows
                claims = raised(changed, by=by, first=100) + claim_rows(rows - changed, first=1000)
                self.assertExit(self.day(claims), code)

    def test_what_another_run_sends_meanwhile_counts_as_well(self):
        """Two exports of the same claims at once: neither was sent when the other was looked at."""
        held = [threading.Event(), threading.Event()]
        for event in held:
            self.addCleanup(event.set)

        def answer(request):
            number = int(request.key[1][2:])
            if number > 900:
                held[number // 950].wait(60)
            return accept(request)

        gate = self.gateway(answer)
        self.ws.export(claim_rows(2, first=901) + claim_rows(60), name="first.csv")
        self.ws.export(claim_rows(2, first=951) + raised(60), name="both.csv")
        first = self.ws.start_upload(gate, "-c", "1", claims="first.csv")
        gate.wait_for_requests(1)
        both = self.ws.start_upload(gate, "-c", "1", claims="both.csv")
        gate.wait_for_requests(2)
        held[0].set()
        self.assertExit(first.finish(), 0)
        held[1].set()
        result = both.finish()
        self.assertExit(result, 4)
        self.assertSays(result, "another run has sent claims of this export with other content")
        sent = len(gate.requests) - 62 - 2
        self.assertTrue(0 < sent <= 20, sent)  # the last may have been called back
        self.assertEqual(self.changed("both.report.csv")["rows"], sent)
        again = self.ws.upload(gate, claims="both.csv")
        self.assertExit(again, 4)
        self.assertSays(again, f"--max-changed {60 - sent}")
        self.assertEqual(len(gate.requests), 64 + sent)
        self.assertExit(self.ws.upload(gate, "--max-changed", str(60 - sent), claims="both.csv"), 0)
        self.assertEqual(len(gate.requests), 62 + 62)

    def test_the_wrong_export_is_not_what_the_right_one_says_to_send(self):
        self.assertExit(self.day(claim_rows(40)), 0)
        self.assertExit(self.day(raised(40)), 4)
        held = self.ws.read_manifest()["run"]
        right = self.day(claim_rows(41))
        self.assertExit(right, 0)
        self.assertSays(right, f"run {held} was held back (max-changed); if its export was wrong: ")
        self.assertSays(right, "with the same options as before and --max-changed N: claimbatch rerun ")
        self.assertNotIn("send the rows of run", right.err)
        words = f"claimbatch status --abandon {held} --by NAME --reason TEXT --ledger ledger.db"
        self.assertSays(right, words)
        self.assertExit(self.ws.run(*words.split()[1:]), 0)
        self.assertNotIn("held back", self.day(claim_rows(42)).err)
        self.assertEqual(len(self.gate.requests), 42)

    def test_the_limit_may_be_rows_or_a_percentage(self):
        self.assertExit(self.day(claim_rows(50)), 0)
        self.ws.export(raised(3) + claim_rows(47, first=4))
        for limit, code in (("0", 4), ("2", 4), ("5%", 4), ("0%", 4), ("6%", 0)):
            with self.subTest(limit):
                self.assertExit(self.ws.upload(self.gate, "--max-changed", limit), code)
        self.assertEqual(len(self.gate.requests), 53)

    def test_what_is_no_limit_is_told(self):
        self.ws.export(claim_rows(1))
        for limit in ("x", "-1", "101%", "%", ""):
            with self.subTest(limit):
                result = self.ws.upload(self.gate, "--max-changed", limit)
                self.assertExit(result, 2)
                self.assertSays(result, "--max-changed", "percentage")

    def test_a_run_within_the_limit_goes_on_after_a_kill(self):
        self.assertExit(self.day(claim_rows(40)), 0)
        held = threading.Event()
        self.addCleanup(held.set)
        self.gate.script = (
            lambda request: accept(request) if request.number < 60 else held.wait(60) and accept(request)
        )
        self.ws.export(raised(40))
        options = ("--max-changed", "40", "--in-flight", "1", "--workers", "1")
        run = self.ws.start_upload(self.gate, *options)
        self.gate.wait_for_requests(60)
        run.send_signal(signal.SIGKILL)
        run.finish()
        held.set()
        self.gate.script = accept
        self.assertExit(self.ws.upload(self.gate, *options), 3)
        self.assertLessEqual(len(self.gate.requests), 80)

    def test_an_export_that_corrects_itself_is_resumed(self):
        """Each claim stands in it twice; on a resume the first content is accepted already."""
        rows = [row for i in range(1, 41) for row in (claim_row(i), raised(1, first=i)[0])]
        self.assertExit(self.day(claim_rows(1, first=900), name="other.csv"), 0)
        self.assertExit(self.day(rows[:0] + rows[0::2] + rows[1::2], "--limit", "40"), 4)
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(len(self.gate.requests), 81)

    def test_a_rerun_of_what_was_let_through_is_let_through(self):
        self.assertExit(self.day(claim_rows(1000)), 0)
        self.gate.script = lambda r: Reply(http(error_body(1))) if r.number <= 1040 else accept(r)
        self.assertExit(self.day(raised(40) + claim_rows(960, first=41), "--retries", "0"), 1)
        result = self.ws.run("rerun", "claims.report.csv", *self.ws.upload_arguments(self.gate)[2:])
        self.assertExit(result, 0)
        self.assertSays(result, "sent, though their claim was accepted with other content: 40 rows")

    def test_claims_of_another_platform_are_no_changes(self):
        self.assertExit(self.day(claim_rows(40)), 0)
        other = self.gateway()
        self.ws.export(raised(40))
        self.assertExit(self.ws.upload(other, "-o", "other.csv"), 0)
        self.assertEqual(len(other.requests), 40)


class HeldTest(CorrectionCase):
    HOLD = ("--rule", "changed-since-accepted=error")

    def test_as_an_error_it_holds_back_what_changed_and_sends_the_rest(self):
        self.assertExit(self.day(claim_rows(30)), 0)
        result = self.day(raised(30) + [claim_row(99)], *self.HOLD)
        self.assertExit(result, 1)
        self.assertSays(
            result,
            "held back, because their claim was accepted with other content: 30 rows, 34.65 yuan "
            "before, 334.65 yuan now",
            "--rule changed-since-accepted=warn",
        )
        self.assertEqual(len(self.gate.requests), 31)
        self.assertTally({"invalid": 30, "accepted": 1})
        first = self.ws.read_report()[0]
        self.assertEqual(first["code"], "CHANGED_SINCE_ACCEPTED")
        self.assertEqual((first["digest"], first["attempts"]), ("", "0"))
        self.assertIn("1.01 yuan", first["message"])
        self.assertEqual(self.changed()["held_back"]["rows"], 30)
        audit = self.ws.run(
            "audit", "claims.report.csv", "--export", "claims.csv", "--ledger", "ledger.db"
        )
        self.assertExit(audit, 0)

    def test_the_same_again_sends_nothing_and_leaves_the_report(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        self.assertExit(self.day(raised(3), *self.HOLD), 1)
        before = self.ws.read(self.ws.report)
        result = self.ws.upload(self.gate, *self.HOLD)
        self.assertExit(result, 1)
        self.assertSays(result, "nothing is left to send")
        self.assertEqual(self.ws.read(self.ws.report), before)

    def test_as_a_warning_it_sends_what_was_held_back(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        self.assertExit(self.day(raised(3), *self.HOLD), 1)
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(len(self.gate.requests), 6)
        self.assertTally({"accepted": 3})
        self.assertEqual(self.changed()["rows"], 3)
        self.assertEqual(self.changed()["held_back"]["rows"], 0)
        self.assertNoViolations(oracle.judge(self.ws.claims, self.ws.report, self.gate.journal[3:]))

    def test_a_report_with_rows_that_were_held_back_can_be_settled(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        self.gate.script = lambda request: Reply(b"", then="close")
        self.assertExit(self.day(raised(3) + [claim_row(9)], *self.HOLD), 3)
        result = self.ws.run(
            *("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url),
            *("--row", 5, "--as", "accepted", "--by", "desk", "--reason", "seen", "--yes"),
        )
        if result.code == 2:  # where it does not ask
            result = self.ws.run(
                *("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", self.gate.url),
                *("--row", 5, "--as", "accepted", "--by", "desk", "--reason", "seen"),
            )
        self.assertExit(result, 0)
        self.assertTally({"invalid": 3, "accepted": 1})
        self.assertEqual(self.changed()["held_back"]["rows"], 3)

    def test_a_rerun_does_not_take_what_was_held_back(self):
        self.assertExit(self.day(claim_rows(3)), 0)
        self.assertExit(self.day(raised(3), *self.HOLD), 1)
        result = self.ws.run("rerun", "claims.report.csv", *self.ws.upload_arguments(self.gate)[2:])
        self.assertExit(result, 1)
        self.assertEqual(len(self.gate.requests), 3)



class AuditTest(CorrectionCase):
    """audit shows what manifests tell of changed claims, and holds it against the lines."""

    def audit(self, *options, code=0):
        result = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db", *options)
        self.assertExit(result, code)
        return result

    def changed_in_json(self):
        return json.loads(self.audit("--json").out)["reports"][0]["changed"]

    def test_what_changed_is_shown_with_the_money_before_and_after(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        self.assertExit(self.day(raised(3) + claim_rows(3, first=4)), 0)
        self.assertIn(
            "changed since they were accepted, and sent: 3 rows, 3.06 yuan before, 33.06 yuan now",
            " ".join(self.audit().out.split()),
        )
        self.assertEqual(self.changed_in_json(), self.changed())
        self.audit("--html", "page.html")
        page = self.ws.read_text("page.html")
        self.assertIn("Changed since accepted, sent", page)
        self.assertNotIn("held back", page.split("</style>")[-1])
        self.assertIn("33.06", page)

    def test_what_was_held_back_is_shown(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        held = ("--rule", "changed-since-accepted=error")
        self.assertExit(self.day(raised(2) + claim_rows(3, first=3), *held), 1)
        self.assertIn("and held back: 2 rows", " ".join(self.audit().out.split()))
        self.assertEqual(self.changed_in_json()["held_back"]["rows"], 2)
        self.audit("--html", "page.html")
        self.assertIn("Changed since accepted, held back", self.ws.read_text("page.html"))

    def test_what_is_not_warned_of_is_counted_all_the_same(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        off = ("--rule", "changed-since-accepted=off")
        self.assertExit(self.day(raised(4) + claim_rows(1, first=5), "--limit", "2", *off), 4)
        self.assertEqual(self.changed_in_json()["rows"], 2)
        self.assertExit(self.ws.upload(self.gate), 0)
        self.assertEqual(self.changed_in_json()["rows"], 4)

    def test_none_changed_is_no_line(self):
        self.assertExit(self.day(claim_rows(2)), 0)
        self.assertNotIn("changed since", self.audit().out)
        self.assertEqual(self.changed_in_json()["rows"], 0)

    def test_totals_that_do_not_fit_the_lines_are_named(self):
        self.assertExit(self.day(claim_rows(5)), 0)
        self.assertExit(self.day(raised(3) + claim_rows(3, first=4)), 0)
        path = self.ws.report + ".manifest.json"
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        for member, value, words in (
            (("rows",), 2, "changed rows sent: 2"),
            (("rows",), 4, "changed rows sent: 4"),
            (("fee_fen_after",), 1, "fen of changed rows sent: 1"),
            (("held_back", "rows"), 1, "changed rows held back: 1"),
        ):
            with self.subTest(words):
                other = json.loads(json.dumps(manifest))
                part = other["changed"]
                for name in member[:-1]:
                    part = part[name]
                part[member[-1]] = value
                self.ws.write("claims.report.csv.manifest.json", json.dumps(other), mode=0o600)
                result = self.audit(code=1)
                self.assertIn(words, " ".join(result.out.split()))
        for spoilt in (None, 1, {}, {"rows": -1}, dict(manifest["changed"], rows="x")):
            with self.subTest(spoilt):
                other = dict(manifest, changed=spoilt)
                self.ws.write("claims.report.csv.manifest.json", json.dumps(other), mode=0o600)
                self.audit(code=1)
        del manifest["changed"]  # as of an earlier version
        self.ws.write("claims.report.csv.manifest.json", json.dumps(manifest), mode=0o600)
        self.audit()
        self.assertIsNone(self.changed_in_json())


if __name__ == "__main__":
    unittest.main()
