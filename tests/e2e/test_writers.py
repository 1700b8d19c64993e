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


if __name__ == "__main__":
    unittest.main()
