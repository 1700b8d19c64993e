#!/usr/bin/env python3
"""Measures the figures of tests/README.md: ratios against a yardstick in the same run, medians of several.

usage: tests/bench/run.py [--short] [--build DIR] [--rounds N] [--claims N] [--old DIR] [--table FILE]
       [throughput|efficiency|batch|memory|memory_most|again|check|check_memory|growth|paired|
        beside|slow|tls|http2|instructions]...

beside and slow set upload beside a bare curl-multi loop and scripts for undici and aiohttp on an nginx that answers
from memory (slow: after 50 ms, and no scripts); tls, http2: on the same with HTTPS. They need nginx, libnginx-mod-http-echo,
node-undici and python3-aiohttp, and name what is missing. instructions counts them by function (valgrind).

paired sets the build beside the one that --old names, by turns: new rows, the same file again, another file.
check_memory checks exports of up to 10 million rows, 0.7 GB in TMPDIR. growth makes a ledger of 20 million claims
first, 3 GB in TMPDIR. memory_most sends 10 million rows, ten minutes and 5 GB in TMPDIR.

--short takes a twentieth of the rows and one round: it shows in seconds whether all of it runs, no figure to quote.
"""
import argparse
import contextlib
import csv
import datetime
import hashlib
import hmac
import os
import pathlib
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import beside
import instructions

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = 'helloworld'
SHORT_SHARE = 20
HEADER = 'workcard_id,claim_desc,claim_count,claim_order_no,claim_status,claim_time,claim_fee\n'


def write_export(path, rows):
    with open(path, 'w', encoding='utf-8') as out:
        out.write(HEADER)
        for i in range(rows):
            refused = i % 10 == 3
            out.write(f'{100000 + i},{"材料不全" if refused else ""},1,LP-2026-{i:08d},{2 if refused else 1},'
                      f'2026-11-20 10:00:00,{0 if refused else 1000 + i % 977}\n')


def write_like(path, new_path, encoding, quotes, line_end, reason=None):
    """The same export in another encoding, with every cell in quotes or not, with other line ends, and
    with a reason in each row."""
    with open(path, encoding='utf-8') as old, \
            open(new_path, 'w', encoding=encoding, newline='') as new:
        for number, line in enumerate(old):
            line = line.rstrip('\n')
            if reason and number:
                first, _, *rest = line.split(',')
                line = ','.join((first, reason, *rest))
            if quotes:
                line = '"' + line.replace(',', '","') + '"'
            new.write(line + line_end)


def write_other(path, new_path):
    """Another export with the same claims: one more column."""
    with open(path, encoding='utf-8') as old, open(new_path, 'w', encoding='utf-8') as new:
        for number, line in enumerate(old):
            new.write(line.rstrip('\n') + (',x\n' if number else ',extra\n'))


def measure(*command, folder):
    """Seconds and peak memory in KiB of a program that has to end well."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f'{command} ended with {process.returncode}')
    return time.monotonic() - start, usage.ru_maxrss


def write_body(path):
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    params = {
        'method': 'tmall.serivcecenter.workcard.insurance.claim', 'app_key': '1', 'v': '2.0',
        'format': 'json', 'sign_method': 'hmac-sha256',
        'timestamp': now.strftime('%Y-%m-%d %H:%M:%S'),
        'workcard_insurance_callback_request':
            '{"claim_count":1,"claim_fee":1000,"claim_order_no":"LP-2026-00000001",'
            '"claim_status":1,"claim_time":"2026-11-20 10:00:00","workcard_id":100000}',
    }
    text = ''.join(name + params[name] for name in sorted(params))
    params['sign'] = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
    pathlib.Path(path).write_text(urllib.parse.urlencode(params))


# A year and more of an insurer's claims, as if they had all been accepted by one run.
FILL = '''
INSERT INTO run(name, command, platform, export_name, export_sha256, export_bytes, reading, report_path,
  started_ms, finished_ms, stopped_because, complete, open_rows, invalid_rows, published)
  VALUES('20250101-00000000', 'upload', 1, 'old.csv', randomblob(32), 0, '', 'old.report.csv', 1735689600000,
  1735689700000, '', 1, 0, 0, 1);
INSERT INTO claim(claim_order_no, workcard_id, platform, accepted_digest, accepted_run, accepted_row,
  accepted_ms, last_run, last_row)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {claims} - 1)
  SELECT printf('LP-2026-%09d', 10 * i), 100000 + 10 * i, 1, randomblob(16), {run}, i + 2, 1735689650000,
  {run}, i + 2 FROM n;
INSERT INTO row(id, state, outcome, counts_as, attempts, tries, http_status, submitted_ms, duration_ms,
  digest, code, sub_code, message, request_id, warnings, round, linked, prev_run, prev_row)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {claims} - 1)
  SELECT ({run} << 36) + i + 2, 3, 0, 0, 1, 0, 200, 1735689650000, 12, randomblob(16), 'SUCCESS', '', 'ok',
  '15abcdef0123456', '', 0, 1, 0, 0 FROM n;
'''


def fill(path, claims):
    """Adds so many accepted claims to a ledger that has one run."""
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript('PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN;'
                           + FILL.format(claims=claims, run=2) + 'COMMIT')
    database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    database.close()


def write_claims(path, numbers):
    with open(path, 'w', encoding='utf-8') as out:
        out.write(HEADER)
        for i in numbers:
            out.write(f'{100000 + i},,1,LP-2026-{i:09d},1,2026-11-20 10:00:00,{1000 + i % 977}\n')


class Bench:
    claims = 20000000
    rows = 100000  # of `paired`
    old = None
    share = 1  # of the rows; --short takes fewer

    def __init__(self, build, folder):
        self.build = pathlib.Path(build).resolve()
        self.folder = pathlib.Path(folder)
        self.figures = []
        secret = self.folder / 'secret'
        secret.write_text(SECRET + '\n')
        secret.chmod(0o600)

    @contextlib.contextmanager
    def sandbox(self, *options):
        server = subprocess.Popen(
            [self.build / 'src/sandbox/claimbatch-sandbox', '--port', '0', '--app-key', '1',
             '--app-secret-file', 'secret', *options],
            cwd=self.folder, stdout=subprocess.PIPE, text=True)
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()

    def some(self, rows):
        return max(1000, rows // self.share)

    def say(self, what, figure):
        """A line on the terminal, and one of the table."""
        print(f'{what}: {figure}', flush=True)
        self.figures.append((what, figure))

    def clear(self):
        for old in [*self.folder.glob('ledger*'), *self.folder.glob('*.report.csv*')]:
            old.unlink()

    def command(self, name, url, *options):
        return [self.build / 'claimbatch', 'upload', name, '-q', '-L', 'ledger', '-g', url,
                '--app-key', '1', '--app-secret-file', 'secret', *options]

    def write_export(self, name, rows):
        write_export(self.folder / name, rows)

    def write_other(self, name, new_name):
        write_other(self.folder / name, self.folder / new_name)

    def write_body(self, name):
        write_body(self.folder / name)

    def beside(self, rounds):
        beside.beside(self, rounds)

    def slow(self, rounds):
        beside.slow(self, rounds)

    def tls(self, rounds):
        beside.tls(self, rounds)

    def http2(self, rounds):
        beside.http2(self, rounds)

    def instructions(self, _rounds):
        instructions.instructions(self)

    def upload(self, name, url, *options, fresh=True):
        """Seconds and peak memory in KiB."""
        if fresh:
            self.clear()
        start = time.monotonic()
        process = subprocess.Popen(self.command(name, url, *options), cwd=self.folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f'upload ended with {process.returncode}')
        return time.monotonic() - start, usage.ru_maxrss

    def throughput(self, rounds):
        rows = self.some(100000)
        write_export(self.folder / 'claims.csv', rows)
        ratios = []
        for _ in range(rounds):
            with self.sandbox() as url:
                write_body(self.folder / 'body')
                bare = float(subprocess.run(
                    [self.build / 'tests/bare_multi', url, 'body', str(rows), '64'],
                    cwd=self.folder, check=True, capture_output=True, text=True).stdout)
                seconds, _ = self.upload('claims.csv', url, '-c', '64')
            ratios.append(rows / seconds / bare)
            print(f'  bare curl-multi {bare:7.0f}/s, claimbatch {rows / seconds:7.0f}/s, '
                  f'ratio {ratios[-1]:.2f}', flush=True)
        self.say('throughput at 64 in flight', f'{statistics.median(ratios):.2f} of a bare curl-multi loop')

    def efficiency(self, rounds):
        for in_flight, rows in ((64, 10000), (256, 40000), (1024, 100000)):
            rows = self.some(rows)
            write_export(self.folder / 'claims.csv', rows)
            found = []
            for _ in range(rounds):
                with self.sandbox('--latency', '50') as url:
                    self.upload('claims.csv', url, '-c', str(in_flight))
                found.append(self.busy_rate('claims.report.csv') / (in_flight / 0.05))
            self.say(f'efficiency at 50 ms, {in_flight} in flight',
                     f'{100 * statistics.median(found):.1f} % of in-flight / latency')

    def batch(self, rounds):
        """Claims a second of 20 a call beside those of single calls, by turns."""
        for latency, singles, many in ((50, 10000, 200000), (0, 100000, 200000)):
            ratios = []
            for _ in range(rounds):
                rates = {}
                for claims, rows in ((1, singles), (20, many)):
                    write_export(self.folder / 'claims.csv', self.some(rows))
                    with self.sandbox('--latency', str(latency)) as url:
                        self.upload('claims.csv', url, '-c', '64', '--batch', str(claims))
                    rates[claims] = self.busy_rate('claims.report.csv')
                ratios.append(rates[20] / rates[1])
                print(f'  {latency} ms: single calls {rates[1]:6.0f}/s, 20 a call {rates[20]:6.0f}/s, '
                      f'ratio {ratios[-1]:.1f}', flush=True)
            self.say(f'--batch 20 at {latency} ms, 64 in flight',
                     f'{statistics.median(ratios):.1f} times the claims a second of single calls')

    def busy_rate(self, name):
        """Rows a second between the first hand-over and the last answer."""
        first, last, rows = float('inf'), 0.0, 0
        with open(self.folder / name, encoding='utf-8-sig', newline='') as report:
            for line in csv.DictReader(report):
                at = datetime.datetime.fromisoformat(line['submitted_at']).timestamp()
                first = min(first, at)
                last = max(last, at + int(line['duration_ms']) / 1000)
                rows += 1
        return rows / (last - first)

    def memory_of(self, rows):
        rows = self.some(rows)
        write_export(self.folder / 'claims.csv', rows)
        with self.sandbox() as url:
            seconds, kib = self.upload('claims.csv', url, '-c', '64')
        self.say(f'peak memory, {rows} rows, 64 in flight', f'{kib / 1024:.1f} MiB ({rows / seconds:.0f} rows/s)')

    def memory_most(self, _rounds):
        """Takes ten minutes and more, and 5 GB in TMPDIR."""
        self.memory_of(10000000)

    def memory(self, _rounds):
        self.memory_of(100000)
        self.memory_of(1000000)
        for in_flight in (64, 1024, 4096):
            rows = self.some(50000)
            write_export(self.folder / 'claims.csv', rows)
            with self.sandbox('--latency', '50') as url:
                _, kib = self.upload('claims.csv', url, '-c', str(in_flight))
            self.say(f'peak memory, {rows} rows, {in_flight} in flight', f'{kib / 1024:.1f} MiB')

    def again(self, _rounds):
        rows = self.some(1000000)
        write_export(self.folder / 'claims.csv', rows)
        with self.sandbox() as url:
            self.upload('claims.csv', url, '-c', '64')
            seconds, _ = self.upload('claims.csv', url, fresh=False)
            self.say('upload of the same file again', f'{rows / seconds:.0f} rows/s')
            write_other(self.folder / 'claims.csv', self.folder / 'copy.csv')
            seconds, _ = self.upload('copy.csv', url, fresh=False)
            self.say('upload of another file, all of it accepted', f'{rows / seconds:.0f} rows/s')

    def send_into(self, ledger, url):
        """Seconds, and those of a processor."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(
            [self.build / 'claimbatch', 'upload', 'claims.csv', '-q', '-L', ledger, '-g', url, '--app-key',
             '1', '--app-secret-file', 'secret', '-c', '64', '--overwrite', '--new-ledger',
             '--by', 'bench', '--reason', 'bench'],
            cwd=self.folder, check=True)
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def turn(self, build, name, url):
        """Microseconds a row, by the clock and of a processor. The ledger stays for the next start."""
        folder = self.folder / build.name
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([build / 'claimbatch', 'upload', name, '-q', '-L', 'ledger', '-g', url, '--app-key', '1',
                        '--app-secret-file', '../secret', '-c', '64'], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL)
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return seconds * 1e6 / self.rows, busy * 1e6 / self.rows

    def paired(self, rounds):
        builds = [self.folder / 'old', self.folder / 'new']
        found = {}
        write_export(self.folder / 'claims.csv', self.rows)
        write_other(self.folder / 'claims.csv', self.folder / 'copy.csv')
        with self.sandbox() as url:
            for number in range(rounds):
                for link, build in list(zip(builds, (self.old, self.build)))[::1 if number % 2 else -1]:
                    shutil.rmtree(link, ignore_errors=True)
                    link.mkdir()
                    for name in ('claims.csv', 'copy.csv'):
                        shutil.copy(self.folder / name, link)
                    (link / 'claimbatch').symlink_to(build / 'claimbatch')
                    for what, name in (('new rows', 'claims.csv'), ('the same file again', 'claims.csv'),
                                       ('another file, all accepted', 'copy.csv')):
                        found.setdefault((what, link.name), []).append(self.turn(link, name, url))
        for what in dict.fromkeys(what for what, _ in found):
            old, new = ([statistics.median(part) for part in zip(*found[what, name])] for name in ('old', 'new'))
            self.say(what, f'{old[0]:.2f} -> {new[0]:.2f} us a row by the clock ({new[0] / old[0]:.3f}), '
                     f'{old[1]:.2f} -> {new[1]:.2f} of a processor ({new[1] / old[1]:.3f})')

    def growth(self, rounds):
        """New rows into an empty ledger and into one of 20 million claims, by turns. Their numbers follow
        those that are there, or lie between them, anywhere."""
        rows, end = self.some(200000), 10 * self.claims
        with self.sandbox() as url:
            write_claims(self.folder / 'claims.csv', [end])
            self.send_into('big', url)
            start = time.monotonic()
            fill(self.folder / 'big', self.claims)
            size = (self.folder / 'big').stat().st_size
            print(f'  {self.claims} claims written in {time.monotonic() - start:.0f} s: '
                  f'{size / 2 ** 30:.1f} GiB', flush=True)
            for what in ('that follow', 'anywhere between'):
                empty, big = [], []
                for number in range(rounds):
                    first = end + 1 + number * rows
                    write_claims(self.folder / 'claims.csv', range(first, first + rows)
                                 if what == 'that follow' else
                                 [10 * i + 1 + number for i in random.sample(range(self.claims), rows)])
                    for old in self.folder.glob('empty*'):
                        old.unlink()
                    empty.append(self.send_into('empty', url))
                    big.append(self.send_into('big', url))
                    print(f'  {what}: {empty[-1][0]:.1f} s, {big[-1][0]:.1f} s; processor '
                          f'{empty[-1][1]:.1f} s, {big[-1][1]:.1f} s', flush=True)
                one, other = (statistics.median(s for s, _ in all) for all in (empty, big))
                busy = statistics.median(s for _, s in big) / statistics.median(s for _, s in empty)
                self.say(f'upload of {rows} new claims {what}', f'{rows / one:.0f} rows/s into an empty ledger, '
                         f'{rows / other:.0f} rows/s into one of {self.claims} claims: '
                         f'{100 * (other / one - 1):+.0f} %, processor {100 * (busy - 1):+.0f} %')

    def check_memory(self, _):
        """What a check needs of memory as the export grows."""
        for rows in map(self.some, (100000, 1000000, 10000000)):
            write_export(self.folder / 'claims.csv', rows)
            seconds, kib = measure(self.build / 'claimbatch', 'check', 'claims.csv', folder=self.folder)
            self.say(f'check of {rows} rows', f'{seconds:.1f} s, peak memory {kib / 1024:.1f} MiB')

    def check(self, rounds):
        rows = self.some(1000000)
        write_export(self.folder / 'usual.csv', rows)
        reason = '超过保修期，不在保障范围内，退回资料'
        for name, *how in (
                ('usual', 'utf-8', False, '\n'), ('CRLF', 'utf-8', False, '\r\n'),
                ('all quoted, CRLF', 'utf-8', True, '\r\n'),
                ('GB18030, CRLF', 'gb18030', False, '\r\n'),
                ('GB18030, a reason in each row', 'gb18030', False, '\n', reason),
                ('UTF-16', 'utf-16', False, '\n')):
            write_like(self.folder / 'usual.csv', self.folder / 'claims.csv', *how)
            bare, ours, kib = [], [], 0
            for _ in range(rounds):
                bare.append(measure(self.build / 'tests/bare_libcsv', 'claims.csv', folder=self.folder)[0])
                seconds, kib = measure(self.build / 'claimbatch', 'check', 'claims.csv', folder=self.folder)
                ours.append(seconds)
            bare, ours = statistics.median(bare), statistics.median(ours)
            self.say(f'check of {rows} rows, {name}', f'bare libcsv {bare:.3f} s, check {ours:.3f} s, '
                     f'ratio {ours / bare:.2f}; peak memory {kib / 1024:.1f} MiB')


def table(figures):
    load = ', '.join(f'{load:.1f}' for load in os.getloadavg())
    lines = [f'{datetime.date.today()}, {os.cpu_count()} cores; load at the end (1, 5, 15 minutes): {load}', '',
             '| what | measured |', '|---|---|', *(f'| {what} | {figure} |' for what, figure in figures)]
    return '\n'.join(lines) + '\n'


def build_all(folder):
    """In a fresh clone there is no build yet."""
    if not (pathlib.Path(folder) / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', folder, ROOT, '-Dbuildtype=release'], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', folder, 'claimbatch', 'src/sandbox/claimbatch-sandbox', 'tests/bare_multi',
                    'tests/bare_libcsv'], check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=ROOT / 'build')
    parser.add_argument('--old', type=pathlib.Path, help='another build folder, for paired')
    parser.add_argument('--rows', type=int, default=Bench.rows, help='of paired, beside, tls and http2')
    parser.add_argument('--table', type=pathlib.Path, help='where to write the figures, as a table')
    parser.add_argument('--rounds', type=int, help='5; of --short: 1')
    parser.add_argument('--claims', type=int, default=Bench.claims)
    parser.add_argument('--short', action='store_true', help='a twentieth of the rows: does it all run?')
    parser.add_argument('what', nargs='*', default=['throughput', 'efficiency', 'batch', 'memory', 'again', 'check'])
    args = parser.parse_args()
    share = SHORT_SHARE if args.short else 1
    build_all(args.build)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    with tempfile.TemporaryDirectory(prefix='claimbatch-bench-') as folder:
        bench = Bench(args.build, folder)
        bench.claims, bench.rows, bench.share = args.claims // share, args.rows // share, share
        if 'paired' in args.what and not args.old:
            parser.error('paired needs --old')
        bench.old = args.old and args.old.resolve()
        for what in args.what:
            getattr(bench, what)(args.rounds or (1 if args.short else 5))
            if args.table:
                args.table.write_text(table(bench.figures))


if __name__ == '__main__':
    main()
