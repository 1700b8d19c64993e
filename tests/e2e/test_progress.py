"""What a person sees while a run goes on."""

import re
import unittest

from harness import NEW_LEDGER, TestCase, accept, claim_rows, refuse, run_on_terminal


class ProgressTest(TestCase):
    COLUMNS = 60

    def on_terminal(self, *options, rows=60, env=None, script=None, **environment):
        self.ws.export(claim_rows(rows))
        gateway = self.gateway(*([script] if script else []))
        argv = [self.ws.binary, *self.ws.upload_arguments(gateway, *options)]
        env = self.ws.environment(TERM="xterm", **environment)
        return run_on_terminal(argv, env, self.ws.path, self.COLUMNS)

    def drawn_lines(self, seen):
        """The states of the line that is drawn over and over, without what clears it."""
        text = seen.decode("utf-8")
        return [
            re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", piece)
            for piece in re.split(r"[\r\n]+", text)
            if re.match(r"(?:\x1b\[[0-9;]*[A-Za-z])*\d+/\d+ rows", piece)
        ]

    def test_on_a_terminal_no_line_of_progress_is_wider_than_it(self):
        code, seen = self.on_terminal("--rate", "20")  # so that there is something to watch
        self.assertEqual(code, 0, seen)
        drawn = self.drawn_lines(seen)
        self.assertGreater(len(drawn), 3, seen)
        for line in drawn:
            self.assertLess(len(line), self.COLUMNS + 1, line)
        self.assertIn(b"\r\x1b[K", seen)

    def test_the_counts_of_progress_never_go_back(self):
        _, seen = self.on_terminal("--rate", "30")
        done = [int(line.split("/")[0]) for line in self.drawn_lines(seen)]
        self.assertEqual(done, sorted(done))

    def test_progress_can_be_switched_off(self):
        for option in (("--progress", "never"), ("-q",)):
            with self.subTest(option):
                _, seen = self.on_terminal(
                    "--overwrite", "--ledger", "l" + option[0], *NEW_LEDGER, *option
                )
                self.assertEqual(self.drawn_lines(seen), [])

    def test_the_terminal_is_left_clean(self):
        _, seen = self.on_terminal("--rate", "30")
        last = seen.rsplit(b"\r", 1)[-1]
        self.assertNotRegex(last, rb"\d+/\d+ rows")
        self.assertTrue(seen.endswith(b"\n"), seen[-80:])

    def test_no_color_is_respected(self):
        for name, options, environment in (
            ("option", ("--no-color",), {}),
            ("NO_COLOR", (), {"NO_COLOR": "1"}),
        ):
            with self.subTest(name):
                code, seen = self.on_terminal(
                    "--overwrite",
                    *NEW_LEDGER,
                    "--ledger",
                    "l" + name,
                    *options,
                    script=refuse,
                    rows=3,
                    **environment,
                )
                self.assertEqual(code, 1, seen)
                self.assertNotRegex(seen, rb"\x1b\[[0-9;]*m")

    def test_not_a_terminal_gets_plain_lines(self):
        self.ws.export(claim_rows(30))
        result = self.ws.upload(self.gateway(), "--progress", "always")
        self.assertExit(result, 0)
        self.assertNotIn("\x1b", result.err)
        self.assertNotIn("\r", result.err)

    def test_the_summary_adds_up(self):
        self.ws.export(claim_rows(30) + [dict(claim_rows(1)[0], claim_fee="x")])
        gateway = self.gateway(lambda r: accept(r) if r.number % 3 else refuse(r))
        result = self.ws.upload(gateway)
        self.assertExit(result, 1)
        counts = dict(re.findall(r"(?m)^  (\w+) +(\d+)(?: .*yuan)?$", result.err))
        self.assertEqual(counts, {"accepted": "20", "rejected": "10", "invalid": "1"})


if __name__ == "__main__":
    unittest.main()
