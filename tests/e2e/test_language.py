"""In Chinese: what a person reads is, in a terminal of UTF-8 and of GB18030, and what is kept or read by
machines is the same as in English."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import Reply, TestCase, claim_row, claim_rows, http, rejected_body, run_on_terminal

CATALOGUE = "po/zh_CN/LC_MESSAGES/claimbatch.mo"
HAN = re.compile(r"[\u4e00-\u9fff]")


def columns(text):
    """Of a terminal."""
    return sum(2 if "\u1100" <= c <= "\u115f" or "\u2e80" <= c <= "\ua4cf" or "\uff00" <= c <= "\uff60" else 1
               for c in text)


def make_locale(folder, charset):
    """A locale of the system's sources, in a folder for LOCPATH; skips where there is none."""
    if not shutil.which("localedef"):
        raise unittest.SkipTest("no localedef")
    done = subprocess.run(
        ["localedef", "-i", "zh_CN", "-f", charset, os.path.join(folder, f"zh_CN.{charset}")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise unittest.SkipTest("no sources of locales (Debian: locales)")
    # newlocale of glibc never frees what it makes of LOCPATH.
    with open(os.path.join(folder, "leaks"), "w", encoding="ascii") as file:
        file.write("leak:argz_add_sep\n")


class LanguageTest(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        binary = os.path.abspath(os.environ["CLAIMBATCH"])
        if not os.path.exists(os.path.join(os.path.dirname(binary), CATALOGUE)):
            raise unittest.SkipTest("built without catalogues (Debian: gettext)")

    def chinese(self):
        return self.ws.environment(LANGUAGE="zh_CN")

    def in_locale(self, name, folder):
        env = self.ws.environment(LC_ALL=name, LOCPATH=folder)
        env["LSAN_OPTIONS"] += f":suppressions={folder}/leaks:print_suppressions=0"
        return env

    def gateway_that_refuses(self):
        return self.gateway(lambda request: Reply(http(rejected_body(msg_info="工单不存在")), executed=True))

    def test_help_and_messages_are_chinese(self):
        env = self.chinese()
        for arguments in (("--help",), ("upload", "--help"), ("explain", "TIMEOUT"), ("explain", "exit", "75")):
            with self.subTest(arguments=arguments):
                result = self.ws.run(*arguments, env=env)
                self.assertEqual(result.code, 0, repr(result))
                self.assertRegex(result.out, HAN)
        result = self.ws.run("uplaod", env=env)
        self.assertIn("没有“uplaod”这个命令；您是不是要用 upload？", result.err)

    def test_each_page_of_the_manual_is_chinese_too(self):
        build = os.path.dirname(os.path.abspath(self.ws.binary))
        for name in ("upload", "check", "resolve"):
            with open(os.path.join(build, "man/zh_CN", f"claimbatch-{name}.1"), encoding="utf-8") as file:
                page = file.read()
            with open(os.path.join(build, f"claimbatch-{name}.1"), encoding="utf-8") as file:
                english = file.read()
            self.assertRegex(page, HAN)
            option = re.compile(r"^\.It Fl .*", re.MULTILINE)
            self.assertEqual(option.findall(page), option.findall(english), name)

    def test_a_run_is_told_in_chinese_and_recorded_in_english(self):
        rows = claim_rows(3)
        rows[1] = claim_row(2, claim_time="2026-02-30 00:00:00")
        self.ws.export(rows)
        gateway = self.gateway_that_refuses()
        result = self.ws.upload(gateway, env=self.chinese())
        self.assertEqual(result.code, 1, repr(result))
        self.assertIn("claimbatch：警告：批次", result.err)
        self.assertIn("平台退回 rejected", result.err)
        self.assertIn("下一步：在导出文件中改好不合格的行", result.err)
        report = self.ws.read_report()
        self.assertEqual([row["outcome"] for row in report], ["rejected", "invalid", "rejected"])
        self.assertIn("is no real date and time", report[1]["message"])
        audit = self.ws.run("audit", "claims.report.csv", "--export", "claims.csv", "-L", "ledger.db", env=self.chinese())
        self.assertEqual(audit.code, 0, repr(audit))
        self.assertIn("结论：核对过的内容全部相符", audit.out)

    def test_a_report_is_the_same_in_both_languages(self):
        rows = claim_rows(4)
        rows[2] = claim_row(3, claim_fee="1.5.0")
        self.ws.export(rows)
        reports = []
        for name, env in (("one", None), ("two", self.chinese())):
            gateway = self.gateway_that_refuses()
            self.ws.upload(gateway, "--limit", "2", "-o", f"{name}.csv", ledger=f"{name}.db", env=env)
            reports.append([(row["outcome"], row["code"], row["message"])
                            for row in self.ws.read_report(f"{name}.csv")])
        self.assertEqual(reports[0], reports[1])
        self.assertIn("unsent", [outcome for outcome, _, _ in reports[0]])

    def test_json_is_english(self):
        self.ws.export([claim_row(1, claim_fee="x")])
        env = self.chinese()
        check = self.ws.run("check", "claims.csv", "--json", env=env)
        self.assertNotRegex(json.dumps(json.loads(check.out), ensure_ascii=False), HAN)
        result = self.ws.run("upload", "nothing.csv", "--log-format", "json", env=env)
        for line in result.err.splitlines():
            self.assertNotRegex(json.loads(line)["message"], HAN)

    def test_what_was_settled_in_chinese_words_is_accepted(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(lambda request: Reply(b"", executed=True, then="close"))
        self.ws.upload(gateway)
        for row, word in ((2, "已受理"), (3, "未执行")):
            result = self.ws.run("resolve", "claims.report.csv", "-L", "ledger.db", "--gateway", gateway.url, "--row",
                                 row, "--as", word, "--by", "王敏", "--reason", "平台核实", "--yes", env=self.chinese())
            self.assertIn(result.code, (0, 3), repr(result))
        self.assertEqual([row["code"] for row in self.ws.read_report()], ["RESOLVED_ACCEPTED", "RESOLVED_NOT_EXECUTED"])
        verify = self.ws.run("status", "-L", "ledger.db", "--verify")
        self.assertEqual(verify.code, 0, repr(verify))

    def test_a_run_goes_on_in_another_language(self):
        rows = claim_rows(6)
        rows[4] = claim_row(5, claim_fee="x")
        self.ws.export(rows)
        gateway = self.gateway()
        self.ws.upload(gateway, "--limit", "2", env=self.chinese())
        result = self.ws.upload(gateway)
        self.assertEqual(result.code, 1, repr(result))
        for arguments in (("status", "-L", "ledger.db", "--verify"),
                          ("audit", "claims.report.csv", "--export", "claims.csv", "-L", "ledger.db")):
            for env in (None, self.chinese()):
                done = self.ws.run(*arguments, env=env)
                self.assertEqual(done.code, 0, repr(done))

    def test_words_of_the_pages_style_are_chinese_too(self):
        """Columns of a table that a narrow screen shows below each other are named by the style."""
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        with open(os.path.join(root, "src/command/audit/page/page.css"), encoding="utf-8") as file:
            style = file.read()
        english = re.findall(r'^ *(\S.*) { content: "[^"_]*[a-z][^"_]*";', style, re.MULTILINE)
        self.assertGreater(len(english), 4)
        for selector in english:
            self.assertRegex(style, rf':lang\(zh\) {re.escape(selector)} {{ content: " ?{HAN.pattern}+')

    def test_words_of_a_pages_pictures_are_chinese_too(self):
        gateway = self.gateway()
        for first, name in ((1, "one"), (3, "two")):
            self.ws.export(claim_rows(2, first), name=f"{name}.csv")
            self.assertEqual(self.ws.upload(gateway, claims=f"{name}.csv").code, 0)
        for reports, words in ((("one.report.csv",), (">批次</text>", "<td>启动</td>", "<dt>最长</dt>")),
                               (("one.report.csv", "two.report.csv"), ("2 份导出文件、2 份报告",))):
            done = self.ws.run("audit", *reports, "-L", "ledger.db", "--html", "-", env=self.chinese())
            self.assertEqual(done.code, 0, repr(done))
            for word in words:
                self.assertIn(word, done.out)

    def test_lines_fit_and_columns_stand_below_each_other(self):
        self.ws.export([claim_row(1), claim_row(2, claim_fee="x"), claim_row(3, claim_status="2", claim_fee="0",
                                                                             claim_desc="拒赔")])
        explained = self.ws.run("explain", env=self.chinese())
        for line in explained.out.splitlines():
            self.assertLessEqual(columns(line), 80, line)
        check = self.ws.run("check", "claims.csv", env=self.chinese())
        ends = {columns(line) for line in check.out.splitlines() if line.endswith(" 元")}
        self.assertEqual(len(ends), 1, check.out)
        self.assertLessEqual(ends.pop(), 60)

    def narrow(self, language, *arguments):
        """The lines of tables and lists on a terminal of 60 columns; sentences and paths are as long as they are."""
        _, shown = run_on_terminal([self.ws.binary, *arguments], self.ws.environment(LANGUAGE=language), self.ws.path,
                                   60, output=True)
        lines = shown.decode().replace("\r\n", "\n").split("\n")
        return [line for line in lines if re.match(r" |[A-Z_]{6}", line) and "/" not in line]

    def test_between_words_of_a_list_stand_chinese_signs(self):
        head = "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc,经办人,机构,备注"
        rows = "".join(f"70000000000{i},LP20260{i},1,2026-11-02 09:00:00,12.80,,张三,沪,甲\n" for i in range(1, 4))
        self.ws.write("claims.csv", f"{head}\n{rows}合计,3,笔\n小计,3,笔\n")
        said = self.ws.run("check", "claims.csv", "--fee-unit", "yuan", env=self.chinese()).out
        self.assertIn("未使用的列：    经办人、机构、备注", said)
        self.assertIn("'合计'、'小计'", said)
        self.ws.write("claims.csv", f"{head.replace('claim_fee', 'x')}\n{rows}")
        said = self.ws.run("check", "claims.csv", env=self.chinese()).err
        self.assertIn("、理赔金额(分)、理赔金额(元)", said)

    def test_what_is_recorded_in_english_has_its_meaning_in_chinese_beside_it(self):
        self.ws.export(claim_rows(1))
        web = self.gateway(lambda request: Reply(then="close"))
        self.assertEqual(self.ws.upload(web).code, 3)
        recorded = "the connection was closed without an answer"
        for command in (("audit",), ("resolve", "--gateway", web.url)):
            words = (*command, "claims.report.csv", "--ledger", "ledger.db")
            english, chinese = (self.ws.run(*words, env=env).out for env in (None, self.chinese()))
            self.assertIn(recorded, english)
            self.assertIn(recorded, chinese)
            self.assertIn("网关没有答复就关闭了连接", "".join(chinese.split()))

    def test_tables_fit_a_terminal_of_60_columns(self):
        rows = [claim_row(i, claim_order_no=f"LP2026110041{i:02}") for i in range(1, 41)]
        rows[38] = claim_row(39, claim_status="2", claim_fee="0", claim_desc="")
        rows[39] = claim_row(40, claim_time="2026-02-30 00:00:00", claim_desc="一\n二")
        self.ws.export(rows)
        web = self.gateway(lambda request: Reply(then="close") if request.key[1].endswith("02")
                           else Reply(http(rejected_body()), executed=True))
        upload = self.ws.upload_arguments(web)
        place = ("--ledger", "ledger.db")
        for command in (("check", "claims.csv"), (*upload, "--dry-run"), upload, ("status", *place),
                        ("status", *place, "--claim", "LP202611004102"), ("audit", "claims.report.csv", *place),
                        ("resolve", "claims.report.csv", *place, "--gateway", web.url), ("explain",),
                        ("explain", "exit", "75")):
            for language in ("en", "zh_CN"):
                with self.subTest(command=command, language=language):
                    lines = self.narrow(language, *command)
                    self.assertEqual([line for line in lines if columns(line) > 60], [])
                    self.assertTrue(lines)

    def test_a_gb18030_terminal_shows_and_takes_chinese(self):
        with tempfile.TemporaryDirectory() as folder:
            make_locale(folder, "GB18030")
            env = self.in_locale("zh_CN.GB18030", folder)
            self.ws.export([claim_row(1, claim_order_no="赔2026-1"), claim_row(2, claim_fee="x")])
            gateway = self.gateway(lambda request: Reply(b"", executed=True, then="close"))
            run = subprocess.run([self.ws.binary, *self.ws.upload_arguments(gateway)], cwd=self.ws.path, env=env,
                                 capture_output=True, check=False)
            self.assertEqual(run.returncode, 3, run.stderr)
            self.assertIn("结果不明 unknown", run.stderr.decode("gb18030"))
            word = [text.encode("gb18030") for text in ("未执行", "王敏", "平台核实")]
            done = subprocess.run(
                [self.ws.binary, "resolve", "claims.report.csv", "-L", "ledger.db", "--gateway", gateway.url, "--row", "2",
                 "--as", word[0], "--by", word[1], "--reason", word[2], "--yes"],
                cwd=self.ws.path, env=env, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("理赔单号“赔2026-1”", done.stderr.decode("gb18030"))
            self.assertIn("settled by 王敏: 平台核实", self.ws.read_report()[0]["message"])
            check = subprocess.run([self.ws.binary, "check", "claims.csv"], cwd=self.ws.path, env=env,
                                   capture_output=True, check=False)
            self.assertIn("不是以分计的准确金额", check.stdout.decode("gb18030"))

    def test_what_a_terminal_cannot_show_ends_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            make_locale(folder, "GB2312")
            env = self.in_locale("zh_CN.GB2312", folder)
            self.ws.export([claim_row(1, claim_order_no="CL-\U00020bb7-1", claim_fee="x")])
            check = subprocess.run([self.ws.binary, "check", "claims.csv"], cwd=self.ws.path, env=env,
                                   capture_output=True, check=False)
            self.assertEqual(check.returncode, 1, check.stderr)
            check.stdout.decode("gb2312")


if __name__ == "__main__":
    unittest.main()
