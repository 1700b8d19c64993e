"""The page of an audit of many exports in a browser: overview, calendar, what changed, each export, and
the claims that need a person (contract section 9)."""

import datetime
import os
import unittest

import browser
import month
from harness import TestCase, claim_rows, long_form

DAYS = 33  # of which two have no run
ROWS = 20000 if long_form() else 1000
PAGE = "month.html"
PAGE_BYTES_MAX = 2 << 20
EVIL = '"<script>alert(1)</script>"'


class MonthPageCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(1))
        self.assertExit(self.ws.upload(self.gateway()), 0)
        os.mkdir(self.ws.file("reports"))

    def make(self, days=DAYS, rows=ROWS):
        month.write(self.ws.report, self.ws.file("reports"), days, rows)

    def audit(self, *arguments, code=0):
        binary = os.path.abspath(os.environ.get("CLAIMBATCH_RELEASE") or self.ws.binary)
        result = self.ws.run("audit", *arguments, "reports", binary=binary, seconds=120)
        self.assertExit(result, code)
        return result

    def text(self):
        return self.ws.read_text(PAGE)


class Page(MonthPageCase):
    """What needs no browser."""

    def test_it_is_small_and_whole(self):
        self.make()
        result = self.audit("--html", PAGE)
        self.assertSays(result, "everything that was checked agrees", PAGE)
        self.assertEqual(self.ws.mode(PAGE), 0o600)
        self.assertLess(os.path.getsize(self.ws.file(PAGE)), PAGE_BYTES_MAX)
        text = self.text()
        self.assertTrue(text.endswith("</html>\n"))
        places = [text.index(f'id="{name}"') for name in ("days", "outcomes", "changed", "exports", "rows")]
        self.assertEqual(places, sorted(places))
        self.assertIn("default-src 'none'", text)

    def test_on_standard_output_and_in_no_other_files_place(self):
        self.make(days=2, rows=10)
        self.assertTrue(self.audit("--html", "-").out.startswith("<!doctype html>"))
        self.audit("--html", "-", "--csv", "-", code=2)
        self.audit("--html", "claims.csv", code=73)

    def test_in_a_folder_it_has_a_usual_name(self):
        self.make(days=2, rows=10)
        os.mkdir(self.ws.file("out"))
        for place in ("out", "out/"):
            self.audit("--html", place, "--csv", place)
        self.assertEqual(sorted(os.listdir(self.ws.file("out"))), ["audit.claims.csv", "audit.html"])
        result = self.ws.run("audit", "--html", "out/", "reports/claims-10-30.report.csv", "--ledger", "ledger.db")
        self.assertIn(result.code, (0, 1))
        self.assertTrue(os.path.exists(self.ws.file("out/claims-10-30.report.html")))

    def test_what_disagrees_is_told_of_its_export(self):
        self.make(days=2, rows=10)
        path = self.ws.file("reports/claims-10-31.report.csv")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("accepted,,,,", f"accepted,,,{EVIL},", 1).replace("CL0000000010", "CL<b>", 1))
        self.audit("--html", PAGE, code=1)
        page = self.text()
        self.assertIn("found</span></h1>", page)
        self.assertIn('class="check disagrees"', page[page.index('id="e2"'):])
        self.assertNotIn('class="check disagrees"', page[page.index('id="e1"') : page.index('id="e2"')])
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("CL<b>", page)


@unittest.skipUnless(browser.find_browser(), "no Chromium is installed")
class PageInBrowser(MonthPageCase):
    def setUp(self):
        super().setUp()
        self.make()
        self.audit("--html", PAGE)
        self.web = self.enterContext(browser.Browser())
        self.web.show(1200)
        self.web.open(self.ws.file(PAGE))

    def count(self, selector):
        return self.web.run(f"document.querySelectorAll({selector!r}).length")

    def test_it_loads_nothing_and_shows_each_day_export_and_claim(self):
        self.assertEqual(self.web.console, [])
        self.assertEqual(self.web.requests, ["file://" + self.ws.file(PAGE)])
        self.assertEqual(self.count(".calendar li:not(.week)"), DAYS)
        self.assertEqual(self.count(".calendar .norun"), len(month.FREE_DAYS))
        self.assertEqual(self.count("#exports article"), DAYS - len(month.FREE_DAYS))
        opened = (DAYS - len(month.FREE_DAYS)) * len(month.OPEN) * ROWS // 1000
        self.assertEqual(self.count("table.rows tbody tr"), min(opened, 5000))
        self.assertGreater(self.count("#changed tbody tr"), ROWS // 100)

    def test_each_day_stands_under_its_name_of_the_week(self):
        lefts = self.web.run(
            "[...document.querySelectorAll('.calendar')].map(c => [...c.children].map("
            "e => [e.className, e.textContent.slice(0, 10), e.getBoundingClientRect().left]))"
        )
        for calendar in lefts:
            heads = [left for kind, _, left in calendar if kind == "week"]
            for kind, text, left in calendar:
                if kind != "week":
                    weekday = datetime.date.fromisoformat(text).weekday()
                    self.assertEqual(left, heads[weekday], text)

    def test_a_day_leads_to_its_export_and_a_claim_too(self):
        self.assertTrue(self.web.run(
            "[...document.querySelectorAll('.calendar a, table.rows th a, #changed a')]"
            ".every(a => document.querySelector(a.getAttribute('href')))"
        ))

    def test_claims_are_chosen_by_outcome(self):
        self.web.run(
            "(e => { e.value = '=unknown'; e.dispatchEvent(new Event('change')) })"
            "(document.getElementById('outcome'))"
        )
        classes = self.web.run(
            "[...document.querySelectorAll('table.rows tbody tr:not([hidden])')].map(r => r.className)"
        )
        self.assertEqual(set(classes), {"unknown"})

    def test_nothing_is_wider_than_the_window_or_the_paper(self):
        for width in (1600, 1100, 760, 400, 320):
            self.web.show(width)
            self.assertLessEqual(self.web.run("document.documentElement.scrollWidth"), width)
        self.web.show(680, medium="print")
        self.assertLessEqual(self.web.run("document.documentElement.scrollWidth"), 680)
        self.web.show(1200, scheme="dark")
        self.assertTrue(self.web.pdf().startswith(b"%PDF"))


if __name__ == "__main__":
    unittest.main()
