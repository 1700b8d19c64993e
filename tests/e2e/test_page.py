"""The page of an audit in a browser: whole, quiet, and safe whatever the reports hold (contract
section 1)."""

import datetime
import html.parser
import os
import re
import unittest

import browser
from forger import Forgery
from harness import (
    REPORT_COLUMNS,
    Reply,
    TestCase,
    accept,
    ban_body,
    claim_row,
    claim_rows,
    error_body,
    http,
    lose,
    refuse,
)

REPORT = "claims.report.csv"
PAGE = "page.html"
PAGE_BYTES_MAX = 2 << 20
EVIL = '<script>alert("x")</script><img src=x onerror=alert(2)>'
BIDI = "a\u202eb\u2066c"
CHINESE = "材料不齐：缺少维修清单与发票原件"


def is_installed():
    return browser.find_browser() is not None


class PageCase(TestCase):
    """An upload of 60 rows with all that a page has to show, in two starts."""

    def setUp(self):
        super().setUp()
        rows = claim_rows(60)
        for number, text in ((3, EVIL), (4, CHINESE), (5, BIDI), (6, "=1+1")):
            rows[number].update(claim_status="2", claim_fee="0", claim_desc=text)
        rows[8]["claim_fee"] = EVIL  # invalid
        rows[9] = claim_row(9)  # a duplicate of an invalid row's neighbour
        self.ws.export(rows)
        self.web = self.gateway(self.answer, check=False)
        self.banned = False
        self.assertExit(self.ws.upload(self.web, "--limit", "40", "--retries", "0"), 4)
        self.assertExit(self.ws.upload(self.web, "--retries", "0"), 3)

    def answer(self, request):
        number = int(request.key[1][2:])
        if number == 30 and not self.banned:
            self.banned = True
            return Reply(http(ban_body(1)))
        if number in (4, 5, 6, 7, 20):
            return refuse(request, msg_info=EVIL if number == 20 else "该工单不存在")
        if number in (22, 23):
            return lose(request)
        if number == 25:
            return Reply(http(error_body(10, msg="busy")))
        return accept(request)

    def audit(self, *arguments, code=0, reports=(REPORT,), **how):
        result = self.ws.run(
            "audit", "--html", PAGE, "--ledger", "ledger.db", *arguments, *reports, **how
        )
        self.assertExit(result, code)
        return result

    def text(self):
        return self.ws.read_text(PAGE)


class Page(PageCase):
    """What needs no browser."""

    def test_it_is_one_file_for_its_owner_under_two_mebibytes(self):
        self.audit("--export", "claims.csv")
        self.assertEqual(self.ws.mode(PAGE), 0o600)
        text = self.text()
        self.assertLess(len(text.encode()), PAGE_BYTES_MAX)
        names, links = set(), set()

        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                names.add(tag)
                links.update(v for k, v in attributes if k in ("src", "href", "action", "data"))
                names.update(k + "=" for k, _ in attributes if k.startswith("on") or k == "style")

        Reader().feed(text)
        self.assertTrue(all(link.startswith("#") for link in links), links)
        self.assertLess({"script", "style", "svg", "table"}, names)
        self.assertFalse(names & {"img", "link", "iframe", "object", "embed", "base", "form", "style="})
        self.assertFalse({name for name in names if name.startswith("on")})
        self.assertNotRegex(text, r"(?i)url\(|@import|http-equiv=.refresh")
        self.assertIn("default-src 'none'", text)
        self.assertNotIn("unsafe", text)

    def test_an_amount_that_is_not_known_is_not_said_to_be_nothing(self):
        self.audit()
        figures = self.text().split('<dl class="figures">')[1].split("</dl>")[0]
        self.assertEqual(figures.count(", of 1 not known"), 2)  # of all, and of those that need a person
        self.ws.export([claim_row(1, claim_fee="x")], name="bad.csv")
        self.assertExit(self.ws.upload(self.web, claims="bad.csv"), 1)
        said = self.ws.run("audit", "bad.report.csv", "-L", "ledger.db").out
        self.assertRegex(said, r"(?m)^  invalid +1$")
        self.audit(reports=["bad.report.csv"])
        self.assertIn("<b>1</b> <small>amount not known</small>", self.text())
        self.assertExit(self.ws.run("audit", "--html", PAGE, "-L", "ledger.db", REPORT, "bad.report.csv"), 0)
        figures = self.text().split('<dl class="figures">')[1].split("</dl>")[0]
        self.assertEqual(figures.count(", of 2 not known"), 2)
        self.assertEqual(len(re.findall("> invalid <b>1</b></li>", self.text())), 2)  # of each export

    def test_on_standard_output(self):
        result = self.ws.run("audit", "--html", "-", "--ledger", "ledger.db", REPORT)
        self.assertExit(result, 0)
        self.assertTrue(result.out.startswith("<!doctype html>"))
        self.assertTrue(result.out.endswith("</html>\n"))

    def test_beside_json(self):
        result = self.audit("--json")
        self.assertTrue(result.out.startswith("{"))
        self.assertTrue(os.path.exists(self.ws.file(PAGE)))

    def test_it_is_known_again_in_any_language(self):
        for language, tag in (("zh_CN", "zh-CN"), ("en", "en")):
            env = self.ws.environment(LC_ALL="", LANG="C.UTF-8", LANGUAGE=language)
            self.assertExit(self.ws.run("audit", "--html", PAGE, "--ledger", "ledger.db", REPORT, env=env), 0)
            text = self.ws.read_text(PAGE)
            self.assertIn(f'<html lang="{tag}">', text)
            self.assertNotRegex(text, "[\u3002-\u9fff][,;.] ")

    def test_it_never_takes_the_place_of_anything_else(self):
        before = self.ws.read_report()
        for name in (REPORT, "claims.csv", "ledger.db", "secret"):
            with self.subTest(name):
                result = self.ws.run("audit", "--html", name, "--ledger", "ledger.db", REPORT)
                self.assertExit(result, 73)
        self.assertEqual(self.ws.read_report(), before)
        os.symlink(REPORT, self.ws.file("link.html"))
        self.assertExit(self.ws.run("audit", "--html", "link.html", REPORT), 73)
        self.assertExit(self.ws.run("audit", "--html", "no/folder.html", REPORT), 73)
        self.audit()
        self.audit()  # a page may be made anew

    def test_a_disk_that_is_full(self):
        self.assertExit(self.ws.run("audit", "--html", "/dev/full", REPORT), 73)

    def test_what_disagrees_is_on_top(self):
        forged = Forgery(self.ws.file(REPORT))
        forged.change(50, claim_fee="1")
        forged.write_report()
        self.audit(code=1)
        text = self.text()
        self.assertIn("disagreements found", text)
        self.assertLess(text.index("What disagrees"), text.index("What became of the rows"))
        self.assertIn("Do not rely on", text)


@unittest.skipUnless(is_installed(), "no Chromium is installed")
class InABrowser(PageCase):
    def open(self, *arguments, **how):
        self.audit(*arguments, **how)
        web = self.enterContext(browser.Browser())
        web.show(1200)
        web.open(self.ws.file(PAGE))
        return web

    def assertQuiet(self, web):
        """It asked for nothing but itself, said nothing, and ran nothing of its contents."""
        self.assertEqual(web.console, [])
        self.assertEqual(web.dialogs, [])
        self.assertEqual(set(web.requests), {"file://" + os.path.realpath(self.ws.file(PAGE))})

    def shown(self, web):
        return web.run(
            "[...document.querySelectorAll('table.rows tbody tr')]"
            ".filter(r => r.offsetParent !== null).map(r => r.id)"
        )

    def choose(self, web, name, value):
        web.run(
            f"(e => {{ e.value = {value!r}; "
            f"e.dispatchEvent(new Event(e.id === 'words' ? 'input' : 'change')) }})"
            f"(document.getElementById({name!r}))"
        )

    def test_it_loads_quietly_and_contents_stay_text(self):
        web = self.open("--export", "claims.csv")
        self.assertQuiet(web)
        self.assertEqual(web.run("document.scripts.length"), 1)
        self.assertEqual(web.run("document.images.length"), 0)
        text = web.run("document.querySelector('main').textContent")
        self.assertIn(EVIL, text)
        self.assertIn(CHINESE, text)
        self.assertIn("该工单不存在", text)
        self.assertNotIn("\u202e", text)
        self.assertIn("a\\u{202E}b\\u{2066}c", text)
        self.assertEqual(web.run("document.compatMode"), "CSS1Compat")

    def test_a_policy_that_bites(self):
        web = self.open()
        web.run(
            "(s => { s.textContent = 'window.ran = 1'; document.body.append(s) })"
            "(document.createElement('script'))"
        )
        self.assertEqual(web.run("typeof window.ran"), "undefined")
        web.run("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))")
        self.assertTrue(any("Content Security Policy" in str(words) for words in web.console))

    def test_filter_and_search(self):
        web = self.open()
        lines = {
            line["row"]: line
            for line in self.ws.read_report()
            if line["outcome"] in ("unknown", "rejected", "failed", "invalid")
        }
        self.assertEqual(self.shown(web), [f"r{row}" for row in lines])
        for name, column in (("outcome", "outcome"), ("code", "code")):
            for value in sorted({line[column] for line in lines.values()}):
                self.choose(web, name, "=" + value)
                expected = [f"r{row}" for row, line in lines.items() if line[column] == value]
                self.assertEqual(self.shown(web), expected)
                self.assertIn(
                    f"{len(expected)} of {len(lines)} rows",
                    web.run("document.getElementById('shown').value"),
                )
            self.choose(web, name, "")
        for words, rows in (
            ("cl00000020", ["r21"]),
            ("CL00000020 alert", ["r21"]),
            ("维修清单", ["r6"]),
            ("ＣＬ００００００２０", ["r21"]),
            ("no such words", []),
            ("<script>", ["r5", "r10", "r21"]),
        ):
            self.choose(web, "words", words)
            self.assertEqual(self.shown(web), rows, words)
        web.run("document.getElementById('clear').click()")
        self.assertEqual(len(self.shown(web)), len(lines))
        self.assertQuiet(web)

    def test_typing_into_the_search(self):
        web = self.open()
        web.run("document.getElementById('words').focus()")
        for key in "0022":
            web.press(key, ord(key), key)
        self.assertEqual(self.shown(web), ["r23"])

    def test_a_code_leads_to_its_rows(self):
        web = self.open()
        web.run("document.querySelector('a[data-outcome=rejected]').click()")
        self.assertTrue(all(
            web.run(f"document.getElementById({row!r}).className") == "rejected"
            for row in self.shown(web)
        ))
        self.assertEqual(len(self.shown(web)), 5)
        web.run("document.querySelector('a[href=\"#r23\"]').click()")
        self.assertIn("r23", self.shown(web))

    def test_bans_and_stops_are_marked(self):
        web = self.open()
        lanes = web.run("[...document.querySelectorAll('.gutter text')].map(t => t.textContent)")
        self.assertEqual(lanes[-3:], ["runs", "bans", "stops"])
        for name in ("ban", "stop"):
            boxes = web.run(
                f"[...document.querySelectorAll('.plot .{name}')]"
                ".map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])"
            )
            self.assertTrue(any(w > 0 or h > 0 for w, h in boxes), name)

    def test_nothing_is_wider_than_the_window(self):
        web = self.open("--export", "claims.csv")
        for width in (1600, 1100, 760, 400, 320):
            web.show(width)
            self.assertLessEqual(web.run("document.documentElement.scrollWidth"), width)

    def test_words_can_be_read_in_light_and_dark(self):
        """Text against its background by at least 4.5, as WCAG asks."""
        web = self.open("--export", "claims.csv")
        script = """
        (() => {
          const parse = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
          const lum = c => parse(c).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
          const paper = getComputedStyle(document.body).backgroundColor;
          let worst = 99;
          for (const e of document.querySelectorAll('body *')) {
            if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
              continue;
            const [a, b] = [lum(getComputedStyle(e).color), lum(paper)];
            worst = Math.min(worst, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
          }
          return [paper, worst];
        })()"""
        papers = set()
        for scheme in ("light", "dark"):
            web.show(1100, scheme=scheme)
            paper, worst = web.run(script)
            papers.add(paper)
            self.assertGreaterEqual(worst, 4.5, scheme)
        self.assertEqual(len(papers), 2)

    def test_on_paper(self):
        """All rows are there, whatever was chosen, and no part is wider than the paper."""
        web = self.open("--export", "claims.csv")
        self.choose(web, "words", "no such words")
        self.assertEqual(self.shown(web), [])
        web.show(680, medium="print")
        self.assertGreater(len(self.shown(web)), 5)
        self.assertLessEqual(web.run("document.documentElement.scrollWidth"), 680)
        self.assertFalse(web.run("!!document.querySelector('.controls').offsetParent"))
        self.assertTrue(web.pdf().startswith(b"%PDF"))
        self.assertQuiet(web)

    def test_without_scripts_it_is_whole(self):
        self.audit()
        web = self.enterContext(browser.Browser())
        web.call("Emulation.setScriptExecutionDisabled", value=True)
        web.show(1100)
        web.open(self.ws.file(PAGE))
        self.assertGreater(web.run("document.querySelectorAll('table.rows tbody tr').length"), 5)
        self.assertFalse(web.run("!!document.querySelector('.controls').offsetParent"))


@unittest.skipUnless(is_installed(), "no Chromium is installed")
class Large(TestCase):
    """A report of many rows, most of which need a person."""

    ROWS = 30000

    def write_report(self, rows):
        """Written by hand, so that no gateway has to answer. There is no manifest: it disagrees."""
        start = datetime.datetime(2026, 1, 2, 3, 4, 5)
        with open(self.ws.report, "w", encoding="utf-8") as file:
            file.write("\ufeff" + ",".join(REPORT_COLUMNS) + "\n")
            for at in range(rows):
                time = (start + datetime.timedelta(milliseconds=at)).isoformat(timespec="milliseconds")
                file.write(
                    f"{at + 2},{7000000000 + at},{CHINESE},1,CL{at:010d},2,2026-01-02 03:04:05,0,"
                    f"unknown,TIMEOUT,,no answer within 30 s; the claim may have been stored,,1,,,"
                    f"{time}+08:00,30000,{at:032x}\n"
                )

    def test_it_stays_small_opens_at_once_and_says_what_it_leaves_out(self):
        self.write_report(self.ROWS)
        binary = os.path.abspath(os.environ.get("CLAIMBATCH_RELEASE") or self.ws.binary)
        result = self.ws.run("audit", "--html", PAGE, REPORT, binary=binary)
        self.assertExit(result, 1)
        self.assertLess(os.path.getsize(self.ws.file(PAGE)), PAGE_BYTES_MAX)
        with browser.Browser() as web:
            web.show(1200)
            web.open(self.ws.file(PAGE))
            rows = web.run("document.querySelectorAll('table.rows tbody tr').length")
            self.assertEqual(rows, 5000)
            words = web.run("document.querySelector('#rows .left-out').textContent")
            self.assertIn("25,000 further rows need a person", words)
            self.assertIn("30,000", web.run("document.querySelector('.figures').innerText"))
            self.assertEqual(web.console, [])
            self.assertIn("These are 5,000", words)
            web.run(
                "(e => { e.value = 'CL0000000017'; e.dispatchEvent(new Event('input')) })"
                "(document.getElementById('words'))"
            )
            shown = web.run("document.getElementById('shown').value")
            self.assertEqual(shown, "1 of 5,000 rows shown")


if __name__ == "__main__":
    unittest.main()
