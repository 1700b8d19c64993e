"""The reader against Python's csv module: the same cells, or we refuse. And damaged UTF-8, which must
never be taken for another encoding."""

import collections
import csv
import io
import os
import random
import re
import subprocess
import unittest

from harness import piece, program

SEED = 20261124
COLUMNS = ("workcard_id", "claim_order_no", "claim_status", "claim_time", "claim_fee")
BLANK_AT_QUOTE = re.compile(rb'"[ \t\0]|[ \t]\0?"')
BLANKS_AND_QUOTE = re.compile(r'[ \t]+"')
QUOTED_AMONG_BLANKS = re.compile(r'[ \t]+"((?:[^"]|"")*)"[ \t]*')
IDIOM_AMONG_BLANKS = re.compile(r'[ \t]*(="[^"]*")[ \t]*')
CELL_END, RECORD_END, CELLS_END, CASE_END = b"\xff", b"\xfe", b"\xfd", b"\xfc"


def read_cases(cases):
    """What the reader makes of each (delimiter, bytes): (cells, None) or (None, refusal)."""
    driver = os.path.join(os.path.dirname(program("CLAIMBATCH")), "tests", "read_cases")
    if not os.path.exists(driver):
        raise unittest.SkipTest("tests/read_cases was not built")
    data = b"".join(b"%d\n%s%s" % (len(body) + 1, mark.encode(), body) for mark, body in cases)
    run = subprocess.run([driver], input=data, stdout=subprocess.PIPE, check=True)
    answers = run.stdout.split(CASE_END)
    assert len(answers) == len(cases) + 1 and answers[-1] == b""
    return [take_answer(answer) for answer in answers[:-1]]


def take_answer(answer):
    cells, _, said = answer.rpartition(CELLS_END)
    said = said.decode("utf-8")
    if not cells:
        return None, said
    records = [
        [cell.decode("utf-8") for cell in record.split(CELL_END)[:-1]]
        for record in cells.split(RECORD_END)[:-1]
    ]
    return records, said


def read_by_python(body, delimiter, encoding):
    """The records that are no blank lines; None when Python does not take the file."""
    codec = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}.get(encoding, "utf-16")
    text = body.decode(codec)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [record for record in reader if record]
    except csv.Error:
        return None


def as_read(records, expected):
    """What Python found, but cells that are quoted among blanks, which Python takes as they stand, as
    the reader found them. None where Python does not take the file, or took a part of such a cell for
    the whole."""
    if expected is None:
        return None
    cells = [cell for record in expected for cell in record]
    if any(BLANKS_AND_QUOTE.match(c) and not QUOTED_AMONG_BLANKS.fullmatch(c) for c in cells):
        return expected if records == expected else None
    ours = [cell for record in records for cell in record] + [None] * len(cells)
    chosen = iter(
        mine if mine == without_blanks_and_quotes(cell) else cell
        for mine, cell in zip(ours, cells)
    )
    return [[next(chosen) for _ in record] for record in expected]


def without_blanks_and_quotes(cell):
    if match := QUOTED_AMONG_BLANKS.fullmatch(cell):
        return match[1].replace('""', '"')
    match = IDIOM_AMONG_BLANKS.fullmatch(cell)
    return match[1] if match else cell


# A file with a few characters outside of ASCII can be of either encoding.
DOUBTS = ("in two encodings", "nothing but rare characters", "is Big5 as it seems")


class Cases:
    """Random exports of three kinds: clean ones, written by a csv writer; damaged ones, which were
    clean; and dirty ones, of which every piece is drawn."""

    KINDS = ("clean", "damaged", "dirty")
    # Whatever a spreadsheet or an office puts into a cell.
    TEXTS = [
        *["a", "1", "中", "0", "x" * 40, "\\", "é", "文，", "㐂", "𠮷", " ", "=", "'", ";", "\t"],
        *["\u00a0", "\u3000", "\ufeff", "\x0b", "\x7f", "1.2E+15", "2026年11月23日", "１２"],
    ]
    # What has a meaning in CSV, or looks as if it had.
    MARKS = [
        *['"', "\n", "\r\n", "\r", '""', '","', '"\n"', '="1"', '="00123"', '"a"', '"\r\n"'],
        *['\n"', '"a""b"', ",", "\n\n"],
    ]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def draw(self):
        """(kind, delimiter, bytes)"""
        kind = self.random.choices(self.KINDS, (5, 6, 5))[0]
        delimiter = self.random.choice(",,,,;\t|")
        codec = self.random.choice(
            ("utf-8", "utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16")
        )
        text = self.dirty(delimiter) if kind == "dirty" else self.rows(delimiter)
        if kind == "damaged":  # seldom the header, without which there is nothing to compare
            text = self.damage(text, delimiter)
        text = self.header(delimiter) + text
        if kind == "damaged" and self.random.random() < 0.05:
            text = self.damage(text, delimiter)
        body = text.encode(codec)
        if kind != "clean" and self.random.random() < 0.15:
            body = self.damage_bytes(body)
        return kind, delimiter, body

    def header(self, delimiter):
        names = list(COLUMNS)
        self.random.shuffle(names)
        names += self.random.choice(([], ["other"], ["with, comma"]))
        quoted = [
            f'"{name}"' if delimiter in name or self.random.random() < 0.2 else name
            for name in names
        ]
        return delimiter.join(quoted) + self.random.choice(("\n", "\r\n", "\r", "\n\n"))

    def rows(self, delimiter):
        out = io.StringIO()
        writer = csv.writer(
            out,
            delimiter=delimiter,
            lineterminator=self.random.choice(("\n", "\r\n", "\r")),
            quoting=self.random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        )
        for _ in range(self.random.randrange(6)):
            writer.writerow(self.cell() for _ in range(self.random.randrange(1, 7)))
        return out.getvalue()

    def cell(self):
        return "".join(
            self.random.choices(self.TEXTS + self.MARKS, k=self.random.randrange(5))
        )

    def dirty(self, delimiter):
        # A quote that fits nowhere is soon drawn, so few pieces have one.
        pieces = self.TEXTS + [delimiter] * 12 + ["\n", "\r\n", "\r", "\n\n"] * 2
        pieces += self.random.choice(([], [], self.MARKS))
        return "".join(self.random.choices(pieces, k=self.random.randrange(40)))

    def damage(self, text, delimiter):
        """The export with a piece put in, taken out, or with another line end, somewhere."""
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(text) + 1)
            what = self.random.randrange(4)
            if what == 0:
                text = text[:at] + self.random.choice(self.TEXTS + [delimiter]) + text[at:]
            elif what == 1:
                text = text[:at] + self.random.choice(self.MARKS) + text[at:]
            elif what == 2:
                text = text[:at] + text[at + self.random.randrange(1, 4) :]
            else:
                ends = [i for i, c in enumerate(text) if c in "\r\n"]
                at = self.random.choice(ends or [at])
                text = text[:at] + self.random.choice(("\r", "\n", "\r\n")) + text[at + 1 :]
        return text

    def damage_bytes(self, body):
        """A byte is another one, often a NUL; or the file, or a character in it, is cut."""
        at = self.random.randrange(len(body))
        what = self.random.randrange(4)
        if what == 0:
            return body[:at] + b"\0" + body[at + 1 :]
        if what == 1:
            return body[:at] + bytes([self.random.randrange(256)]) + body[at + 1 :]
        if what == 2:
            return body[: at + 1]
        high = [i for i, byte in enumerate(body) if byte >= 0x80] or [at]
        at = self.random.choice(high)
        return body[:at] + body[at + 1 :]


class DifferentialTest(unittest.TestCase):
    def test_the_reader_and_python_find_the_same_cells_or_we_refuse(self):
        (seed, total), batch = piece(SEED, 5000, 100000), 1000
        cases = Cases(seed)
        agree, refused = collections.Counter(), collections.Counter()
        for start in range(0, total, batch):
            drawn = [cases.draw() for _ in range(batch)]
            answers = read_cases([case[1:] for case in drawn])
            for number, (case, answer) in enumerate(zip(drawn, answers), start):
                kind, delimiter, body = case
                if answer[0] is None:
                    # A few characters can be of either encoding: then a person has to say which.
                    doubt = any(words in answer[1] for words in DOUBTS)
                    refused["two readings" if doubt else kind] += 1
                    continue
                expected = read_by_python(body, delimiter, answer[1])
                if BLANK_AT_QUOTE.search(body):
                    # Blanks around quotes are read, which Python does not do.
                    expected = as_read(answer[0], expected)
                    if expected is None:
                        continue
                self.assertEqual(answer[0], expected, f"case {number} of seed {seed}: {case!r}")
                agree[kind] += 1
        print(f"{total} files: agree {dict(agree)}, refused {dict(refused)}")
        # Were nearly all refused, nothing would have been compared.
        self.assertGreater(agree.total(), total / 2)
        for kind in ("damaged", "dirty"):
            self.assertGreater(agree[kind], total * 0.15, kind)
            self.assertGreater(refused[kind], total * 0.05, kind)
        self.assertEqual(refused["clean"], 0)
        self.assertLess(refused["two readings"], total * 0.05)

    def test_what_a_csv_writer_writes_is_taken(self):
        cases = Cases(SEED + 1)
        bodies = []
        for _ in range(500):
            rows = [[cases.cell() for _ in COLUMNS] for _ in range(4)]
            out = io.StringIO()
            # With another line end the writer leaves a lone CR without quotes.
            writer = csv.writer(out, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
            bodies.append((rows, out.getvalue().encode("utf-8")))
        answers = read_cases([(",", body) for _, body in bodies])
        for (rows, body), (cells, said) in zip(bodies, answers):
            self.assertIsNotNone(cells, f"{said}: {body!r}")
            self.assertEqual(cells[1:], rows)


class CutCharacterTest(unittest.TestCase):
    WORDS = "超过保修期不在障范围内人为损坏检测报告显示屏幕有外力撞击痕迹资料全缺少购机发票，。、㐂"

    def draw(self, source):
        """A UTF-8 export of which one or two bytes of one character are gone, and where."""
        lines = ["工单号,理赔单号,理赔状态,理赔时间,理赔金额(分),拒赔原因"]
        for i in range(source.randrange(1, 40)):
            words = "".join(source.choices(self.WORDS, k=source.randrange(1, 30)))
            lines.append(f"{i},CL{i},2,2022-12-01 10:00:00,0,{words}")
        text = "\n".join(lines) + "\n"
        body = text.encode("utf-8")
        at = source.choice([i for i, byte in enumerate(body) if byte >= 0xC0])
        kept = source.randrange(1, 3)
        if source.random() < 0.2:  # the whole rest of the file is gone too
            return body[: at + kept], at
        return body[: at + kept] + body[at + 3 :], at

    def test_utf8_with_a_character_cut_in_half_is_not_taken_for_gb18030(self):
        source = random.Random(SEED)
        drawn = [self.draw(source) for _ in range(2000)]
        answers = read_cases([(",", body) for body, _ in drawn])
        for (body, at), (cells, said) in zip(drawn, answers):
            self.assertIsNone(cells, f"{said}: {body!r}")
            self.assertIn(f"byte offset {at}:", said, repr(body))
            line = body[:at].count(b"\n") + 1
            self.assertIn(f"line {line},", said)


if __name__ == "__main__":
    unittest.main()
