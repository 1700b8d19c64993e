"""claimbatch explain: every code that can be seen is explained (contract section 1)."""

import os
import re

from harness import TestCase, accept, claim_rows

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")

# Upper-case words of the sources that are no codes: names of the environment, of encodings, of
# statements and algorithms of libraries, words of exports, and what an audit prints in capitals.
NO_CODES = {
    "ALL_PROXY", "CLAIMBATCH_APP_SECRET", "CLAIMBATCH_CONFIG", "CLAIMBATCH_SESSION",
    "CREDENTIALS_DIRECTORY", "HOME", "HTTPS_PROXY", "NO_COLOR", "NO_PROXY", "SQLITE_TMPDIR",
    "SSLKEYLOGFILE", "SSL_CERT_FILE", "STATE_DIRECTORY", "TMPDIR", "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "AM", "PM", "NULL", "CP1252", "PAR1",
    "CR", "CRLF", "CLBL", "GB18030", "ED25519", "HMAC", "MD5", "SHA256",
    "BEGIN", "COMMIT", "ROLLBACK",
    "DISAGREES",
    "JOURNAL_STREAM",
    "PGPASSWORD", "SSL", "UTF8", "CB", "CB001", "FATAL",
}  # fmt: skip

ORDER_WORDS = os.path.join("input", "value", "filler.c")
OPTIONS = os.path.join("cli", "options")


def sources():
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = [name for name in folders if name != "sandbox"]
        for name in files:
            if name.endswith(".c"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, SOURCES), file.read()


def emitted_codes():
    """Every upper-case word that stands as a string, but for what is known to be none."""
    for path, text in sources():
        # Advice itself, words that stand in exports, and the words for values in the help.
        if path in (os.path.join("report", "advice.c"), ORDER_WORDS) or os.path.dirname(path) == OPTIONS:
            continue
        found = set(re.findall(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)"', text))
        found |= set(re.findall(r"code='([A-Z_]+)'", text))
        for code in found - NO_CODES:
            yield path, code


def stop_words():
    """Why a run stops, as halt_begin is told."""
    for path, text in sources():
        for word in re.findall(r'halt_begin\([^;]*?,\s*"([a-z-]+)"', text):
            yield path, word
        for word in re.findall(r'because, "([a-z-]+)"\)', text):
            yield path, word


class ExplainTest(TestCase):
    def explain(self, *words):
        return self.ws.run("explain", *words)

    def assertExplained(self, word, *pieces):
        result = self.explain(word)
        self.assertExit(result, 0)
        text = re.sub(r"\s+", " ", result.out)
        for piece in pieces:
            self.assertIn(piece, text)
        for line in result.out.splitlines():
            self.assertLessEqual(len(line), 80, line)
        return text

    def test_every_code_that_the_sources_can_emit_is_explained(self):
        found = {code: path for path, code in emitted_codes()}  # where it is last, of several
        self.assertGreater(len(found), 40)
        for code, path in sorted(found.items()):
            with self.subTest(code=code, path=path):
                self.assertExplained(code, code)

    def test_every_word_for_why_a_run_stops_is_explained(self):
        found = {word: path for path, word in stop_words()}
        self.assertGreater(len(found), 8)
        for word, path in sorted(found.items()):
            with self.subTest(word=word, path=path):
                self.assertExplained(word, "why a run stopped")

    def test_every_exit_code_of_the_program_is_explained(self):
        with open(os.path.join(SOURCES, "..", "include", "base", "error.h"), encoding="utf-8") as file:
            codes = re.findall(r"EXIT_\w+ = (\d+),", file.read())
        self.assertGreater(len(codes), 14)
        for code in codes + ["129", "130", "143"]:
            if code != "128":
                self.assertExplained(code, f"{code} (exit code)")

    def test_it_says_whether_the_row_was_executed_and_what_to_do(self):
        self.assertExplained("TIMEOUT", "executed? perhaps", "claimbatch resolve")
        self.assertExplained("isv.missing-parameter:claim_fee", "executed? no", "upload it again")
        self.assertExplained("accepted", "executed? yes")
        self.assertExplained("26", "session", "stops with 77", "--session-file")

    def test_names_are_taken_as_they_are_typed(self):
        for word in ("success-without-fee", "SUCCESS_WITHOUT_FEE", "Success_Without_Fee"):
            self.assertExplained(word, "SUCCESS_WITHOUT_FEE (rule)")

    def test_a_number_is_explained_in_all_its_meanings(self):
        text = self.assertExplained("75", "75 (exit code)", "75 (code of the gateway)")
        self.assertIn("the export of an earlier day", " ".join(text.split()))
        self.assertIn("the file still changes", " ".join(text.split()))
        self.assertNotIn("HTTP", text)
        self.assertExplained("503", "HTTP_503 (HTTP status)", "503 (code of the gateway)")
        self.assertExplained("7", "*limited-by-app-access-count*", "00:00 Beijing time", "ban")

    def test_a_word_that_is_no_code_gets_a_suggestion(self):
        for word, near in (("timout", "TIMEOUT"), ("acepted", "accepted"), ("bad-tim", "BAD_TIME")):
            result = self.explain(word)
            self.assertExit(result, 2)
            self.assertSays(result, f"did you mean {near}?")
        result = self.explain("\x1b[31mnothing-like-it-at-all")
        self.assertExit(result, 2)
        self.assertNotIn("\x1b", result.err)
        self.assertSays(result, "claimbatch explain lists all")

    def test_without_a_word_all_are_listed(self):
        result = self.explain()
        self.assertExit(result, 0)
        for word in ("ALREADY_ACCEPTED", "BAD_FEE", "HTTP_429", "isp.*", "no-definite-answers", "143"):
            self.assertRegex(result.out, rf"(?m)^  {re.escape(word)} ")
        self.assertExit(self.explain("one", "two"), 2)

    def test_what_stands_in_a_report_is_explained(self):
        self.ws.export(claim_rows(2))
        gateway = self.gateway(accept)
        self.assertExit(self.ws.upload(gateway, "--limit", "1"), 4)
        line = self.ws.read_report()[1]
        self.assertExplained(line["code"], "executed? no", "type the same upload again")
        self.assertExplained(self.ws.read_manifest()["stopped_because"], "--limit was reached")
