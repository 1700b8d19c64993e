#!/usr/bin/env python3
"""Measures uploads with a ledger on a PostgreSQL server, by turns, medians of several.

usage: tests/bench/server.py [--build DIR] [--rounds N] [--rows N] [--claims N] [turns|beside|skip|standby|far|growth]...

turns: a worker's turns alone, without a gateway, by the rows in each; and with a synchronous standby.
beside: on a file and on a server, of this machine, at 64 and 256 in flight. skip: another file of which all was
accepted. standby: a server whose commits wait for another process that writes its log. far: through a relay that holds
what is said, 1 and 5 ms of round trip. growth: an empty ledger and one of --claims accepted claims (2 million; 20 need
10 GB). Each has its own server, with the settings that PostgreSQL has when it is installed; beside it, on the same
processors, the sandbox answers. The default is all but growth.
"""
import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ['CLAIMBATCH_SERVER_ON_DISK'] = '1'
sys.path.append(str(ROOT / 'tests/e2e'))

import link  # noqa: E402
import postgres  # noqa: E402
from run import Bench, build_all, write_claims  # noqa: E402

# A year and more of an insurer's claims, as if one run had sent them all.
FILL = (
    'INSERT INTO claimbatch.claim(id, workcard_id, platform, version, claim_order_no, accepted_run, accepted_row,'
    ' accepted_ms, accepted_digest, accepted_fee)'
    " SELECT 1000000000 + n, 100000 + 10 * n, 1, 2, 'LP-2026-' || lpad((10 * n)::text, 9, '0'), {run}, n + 100,"
    " 1735689650000, sha256(n::text::bytea), 1000 FROM generate_series(0, {claims} - 1) n",
    'INSERT INTO claimbatch.row SELECT {run}, n + 100, 1000000000 + n, n, 1735689650000, 12, 0, 3, 0, 0, 200, 1, 0,'
    " sha256(n::text::bytea), 'SUCCESS', '', 'ok', '15abcdef0123456', '' FROM generate_series(0, {claims} - 1) n",
    'ANALYZE claimbatch.claim, claimbatch.row')


@contextlib.contextmanager
def new_server():
    server = postgres.Server('fsync=on', 'shared_buffers=128MB')
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def synchronous_standby(server):
    with postgres.receive_log(server.url):
        for sql in ("ALTER SYSTEM SET synchronous_standby_names='pg_receivewal'", 'SELECT pg_reload_conf()'):
            postgres.query(server.url, sql)
        postgres.wait_for(server.url, "SELECT current_setting('synchronous_standby_names')<>''")
        yield


class ServerBench(Bench):
    rounds = 5

    def send(self, ledger, url, *options, name='claims.csv'):
        """Rows a second, of an upload that has to end well."""
        for report in self.folder.glob('*.report.csv*'):
            report.unlink()
        command = [self.build / 'claimbatch', 'upload', name, '-q', '-L', ledger, '-g', url, '--app-key', '1',
                   '--app-secret-file', 'secret', *options]
        start = time.monotonic()
        subprocess.run(command, cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        return self.rows / (time.monotonic() - start)

    def make(self, url):
        subprocess.run([self.build / 'claimbatch', 'status', '--create', '--ledger', url], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return url

    def by_turns(self, kinds, in_flight):
        """What each gives: a function of the number of the round, for what to send to."""
        rates = {what: [] for what in kinds}
        for number in range(self.rounds):
            for what, send in kinds.items():
                rates[what].append(send(number, '--in-flight', str(in_flight)))
        return {what: statistics.median(all_of) for what, all_of in rates.items()}

    def on_file(self, url):
        def send(_number, *options):
            for old in self.folder.glob('ledger.db*'):
                old.unlink()
            return self.send('ledger.db', url, *options)
        return send

    def on(self, server, url, reached=lambda ledger: ledger):
        return lambda _number, *options: self.send(reached(self.make(server.create())), url, *options)

    def turns(self):
        with new_server() as alone, new_server() as server, synchronous_standby(server):
            for rows in (8, 64, 256, 1024):
                found = {what: [] for what in ('alone', 'standby')}
                for _ in range(self.rounds):
                    for what, place in (('alone', alone), ('standby', server)):
                        said = subprocess.run([self.build / 'tests/turns', place.create(), str(rows), str(self.rows // rows)],
                                              check=True, stdout=subprocess.PIPE, text=True).stdout
                        found[what].append(float(re.search(r'(\d+) rows/s', said)[1]))
                alone_rate, standby_rate = (statistics.median(rates) for rates in found.values())
                self.say(f'turns of {rows} rows', f'{alone_rate:.0f} rows/s, {standby_rate:.0f} with a synchronous standby')

    def beside(self):
        self.write_export('claims.csv', self.rows)
        with new_server() as server, self.sandbox() as url:
            for in_flight in (64, 256):
                rates = self.by_turns({'file': self.on_file(url), 'server': self.on(server, url)}, in_flight)
                self.say(f'upload of {self.rows} rows at {in_flight} in flight',
                         f'{rates["file"]:.0f} rows/s on a file, {rates["server"]:.0f} on a server '
                         f'({rates["server"] / rates["file"]:.2f})')

    def skip(self):
        self.write_export('claims.csv', self.rows)
        with new_server() as server, self.sandbox() as url:
            ledgers = {'file': 'ledger.db', 'server': self.make(server.create())}
            for ledger in ledgers.values():
                self.send(ledger, url)

            def again(ledger):
                def send(number, *options):
                    name = f'other-{number}.csv'
                    self.write_other('claims.csv', name)
                    with open(self.folder / name, 'a', encoding='utf-8') as out:
                        out.write(f'{1 + number},,1,OTHER-{number},1,2026-11-20 10:00:00,1000,x\n')
                    return self.send(ledger, url, *options, name=name)
                return send

            rates = self.by_turns({what: again(ledger) for what, ledger in ledgers.items()}, 64)
            self.say(f'another file of {self.rows} accepted rows', f'{rates["file"]:.0f} rows/s on a file, '
                     f'{rates["server"]:.0f} on a server ({rates["server"] / rates["file"]:.2f})')

    def standby(self):
        self.write_export('claims.csv', self.rows)
        with new_server() as alone, new_server() as server, self.sandbox() as url, synchronous_standby(server):
            for in_flight in (64, 256):
                rates = self.by_turns({'alone': self.on(alone, url), 'standby': self.on(server, url)}, in_flight)
                self.say(f'a synchronous standby, {in_flight} in flight',
                         f'{rates["standby"]:.0f} rows/s, {rates["alone"]:.0f} without')

    def far(self):
        self.write_export('claims.csv', self.rows)
        with new_server() as server, self.sandbox() as url, tempfile.TemporaryDirectory(dir='/tmp') as folder:
            host = urllib.parse.parse_qs(urllib.parse.urlsplit(server.url).query)['host'][0]
            relay = link.Link(folder, lambda: os.path.join(host, link.SOCKET))
            try:
                for round_trip_ms in (1, 5):
                    relay.slow_down(round_trip_ms / 2000)
                    for in_flight in (64, 256):
                        rates = self.by_turns({
                            'near': self.on(server, url),
                            'far': self.on(server, url, lambda ledger: ledger.replace(host, folder))}, in_flight)
                        self.say(f'{round_trip_ms} ms of round trip, {in_flight} in flight',
                                 f'{rates["far"]:.0f} rows/s, {rates["near"]:.0f} without')
            finally:
                relay.close()

    def growth(self):
        end = 10 * self.claims
        with new_server() as server, self.sandbox() as url:
            big = self.make(server.create())
            self.write_export('claims.csv', 10)
            self.send(big, url)
            start = time.monotonic()
            subprocess.run(['psql', '-q', '-X', '-v', 'ON_ERROR_STOP=1', big], check=True, text=True,
                           input=';\n'.join(FILL).format(run=1, claims=self.claims) + ';\nCHECKPOINT;\n')
            print(f'  {self.claims} claims written in {time.monotonic() - start:.0f} s', flush=True)

            def into_big(number, *options):
                write_claims(self.folder / 'claims.csv', range(end + number * self.rows, end + (number + 1) * self.rows))
                return self.send(big, url, *options)

            rates = self.by_turns({'big': into_big, 'empty': self.on(server, url)}, 256)
            self.say(f'upload of {self.rows} new claims at 256 in flight', f'{rates["empty"]:.0f} rows/s into an empty '
                     f'ledger, {rates["big"]:.0f} into one of {self.claims} claims '
                     f'({100 * (rates["big"] / rates["empty"] - 1):+.0f} %)')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=ROOT / 'build')
    parser.add_argument('--rounds', type=int, default=ServerBench.rounds)
    parser.add_argument('--rows', type=int, default=20000)
    parser.add_argument('--claims', type=int, default=2000000, help='of growth')
    parser.add_argument('what', nargs='*', default=['turns', 'beside', 'skip', 'standby', 'far'])
    args = parser.parse_args()
    build_all(args.build)
    subprocess.run(['ninja', '-C', args.build, 'tests/turns'], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix='claimbatch-bench-') as folder:
        bench = ServerBench(args.build, folder)
        bench.rounds, bench.rows, bench.claims = args.rounds, args.rows, args.claims
        for what in args.what:
            getattr(bench, what)()


if __name__ == '__main__':
    main()
