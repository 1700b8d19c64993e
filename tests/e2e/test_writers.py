"""Exports of some eighty writers, whole and damaged: read to the right values, or refused. And ordinary
ones: taken without a question."""

import collections
import os
import subprocess
import unittest

import writers
from harness import piece, program

SEED = 20261126
VALUE_END, ROW_END, ROWS_END, CASE_END = b"\xff", b"\xfe", b"\xfd", b"\xfc"


def read_claims(files):
    """What upload would make of each (arguments, bytes): rows of (number, valid, codes, values), and the
    refusal or ""."""
    driver = os.path.join(os.path.dirname(program("CLAIMBATCH")), "tests", "read_claims")
    if not os.path.exists(driver):
        raise unittest.SkipTest("tests/read_claims was not built")
    data = b"".join(
        b"%d %d\n" % (len(options), len(body)) + b"".join(o.encode() + b"\n" for o in options) + body
        for options, body in files
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLAIMBATCH", "XDG"))}
    run = subprocess.run([driver], input=data, stdout=subprocess.PIPE, check=True, env=dict(env, HOME="/nowhere"))
    answers = run.stdout.split(CASE_END)
    assert len(answers) == len(files) + 1 and answers[-1] == b""
    return [take_answer(answer) for answer in answers[:-1]]


def take_answer(answer):
    rows, _, refusal = answer.rpartition(ROWS_END)
    taken = []
    for row in rows.split(ROW_END)[:-1]:
        number, valid, codes, *values = [text.decode() for text in row.split(VALUE_END)[:-1]]
        taken.append((int(number), valid == "1", codes, tuple(values)))
    return taken, refusal.decode()


def find_wrong(file, rows):
    """The first valid row that is no claim of the file, or a claim that has no row; None if neither."""
    left = file.right_values()
    for number, valid, _, values in rows:
        if not valid:
            continue
        match = next((i for i, right in enumerate(left) if values in right), None)
        if match is None:
            return f"row {number} is read as {values}"
        del left[match]
    if len(rows) < len(file.claims):
        return f"{len(file.claims)} claims, but {len(rows)} rows"
    return None


class WriterTest(unittest.TestCase):
    def test_every_writers_files_are_read_right_or_refused(self):
        (seed, total), batch = piece(SEED, 1000, 100000), 500
        source = writers.seeded(seed)
        taken, refused = collections.Counter(), collections.Counter()
        for start in range(0, total, batch):
            files = [writers.draw(source) for _ in range(batch)]
            answers = read_claims([(file.arguments(), file.encoded()) for file in files])
            for number, (file, (rows, refusal)) in enumerate(zip(files, answers), start):
                if refusal:
                    refused[file.name.split(",")[0]] += 1
                    continue
                wrong = find_wrong(file, rows)
                self.assertIsNone(
                    wrong, f"file {number} of seed {seed}, {file.name}, {file.arguments()}\n{file.encoded()!r}"
                )
                taken[file.name.split(",")[0]] += any(row[1] for row in rows)
        print(f"seed {seed}, {total} files: {taken.total()} taken, {refused.total()} refused")
        self.assertGreater(taken.total(), total / 4)


class OrdinaryTest(unittest.TestCase):
    def test_ordinary_exports_are_taken_without_a_question(self):
        (seed, total), batch = piece(SEED + 1, 1000, 100000), 500
        source = writers.seeded(seed)
        ambiguous = 0
        for start in range(0, total, batch):
            files = [writers.Ordinary(source) for _ in range(batch)]
            answers = read_claims([(file.arguments(), file.encoded()) for file in files])
            for number, (file, (rows, refusal)) in enumerate(zip(files, answers), start):
                if file.is_ambiguous():
                    ambiguous += 1
                    continue
                words = f"file {number} of seed {seed}\n{file.encoded()!r}"
                self.assertEqual(refusal, "", words)
                self.assertIsNone(find_wrong(file, rows), words)
                alarms = [row for row in rows if not row[1]]
                self.assertEqual(alarms, [], words)
                self.assertEqual(len(rows), len(file.claims), words)
        print(f"seed {seed}, {total} files taken, but for {ambiguous} whose encoding nobody can tell")
        self.assertLess(ambiguous, total / 20)


class KeystrokeTest(unittest.TestCase):
    """Somebody was in an ordinary export with an editor: whatever he typed, no claim of a line that he did
    not touch is lost or another one, unless a row is invalid or the file is refused, so that he looks."""

    KEYS = ('"', '""', ",", "\n", "\r\n", "\r", " ", "\t", ";", "|", "'", "\\", "0", "x", "=", "，", "“", "\0")

    def type_into(self, source, file):
        """The text after one to three keystrokes, and the numbers of the lines that were touched."""
        head, *lines = file.text().splitlines(keepends=True)
        touched = set()
        for _ in range(source.choice((1, 1, 2, 2, 3))):
            number = source.randrange(len(lines))
            line = lines[number]
            edges = [0, len(line.rstrip("\r\n")), *(i + k for i, c in enumerate(line) if c in ',"' for k in (0, 1))]
            at = source.choice((source.choice(edges), source.randrange(len(line) + 1)))
            what = source.randrange(3)
            if what < 2:
                lines[number] = line[:at] + source.choice(self.KEYS) + line[at:]
            else:
                lines[number] = line[:at] + line[at + source.choice((1, 1, 2)) :]
            touched |= {number, number + 1}  # its line end may be gone
            lines[number] = lines[number] or "\n"
        if source.random() < 0.3:
            touched |= self.quote_across(source, lines)
        return head + "".join(lines), touched

    def quote_across(self, source, lines):
        """A quote at the begin of a cell, and another one at the end of the same cell of a later line."""
        first, last = sorted(source.choices(range(len(lines)), k=2))
        cells, ends = (lines[at].rstrip("\r\n").split(",") for at in (first, last))
        column = source.randrange(min(len(cells), len(ends)))
        for at, parts, put in ((first, cells, '"{}'), (last, ends, '{}"')):
            if at == last and first == last:
                parts = lines[at].rstrip("\r\n").split(",")
            parts[column] = put.format(parts[column])
            lines[at] = ",".join(parts) + lines[at][len(lines[at].rstrip("\r\n")) :]
        return {first, last}

    def test_no_claim_of_an_untouched_line_is_lost_or_changed(self):
        (seed, total), batch = piece(SEED + 2, 1000, 20000), 500
        source = writers.seeded(seed)
        ends = collections.Counter()
        for start in range(0, total, batch):
            cases = []
            for _ in range(batch):
                file = writers.Ordinary(source)
                text, touched = self.type_into(source, file)
                cases.append((file, text.encode(file.habits["encoding"]), touched))
            answers = read_claims([(file.arguments(), body) for file, body, _ in cases])
            for number, ((file, body, touched), (rows, refusal)) in enumerate(zip(cases, answers), start):
                if refusal or not all(row[1] for row in rows):
                    ends["refused" if refusal else "a row is invalid"] += 1
                    continue
                ends["taken"] += 1
                sent = [values for _, _, _, values in rows]
                for at, right in enumerate(file.right_values()):
                    if at not in touched:
                        self.assertTrue(right & set(sent), f"case {number} of seed {seed}: claim {at}\n{body!r}\n{sent}")
                self.assertEqual(len(rows), len(set(sent)), f"case {number} of seed {seed}\n{body!r}")
        print(f"seed {seed}, {total} files: {dict(ends)}")
        self.assertGreater(ends["taken"], total / 20)
        self.assertGreater(ends["a row is invalid"], total / 20)


if __name__ == "__main__":
    unittest.main()
