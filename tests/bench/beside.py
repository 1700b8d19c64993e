"""What is measured on an nginx that answers from memory: throughput beside a bare loop and scripts, by turns; TLS."""
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from nginx import available, nginx

HERE = pathlib.Path(__file__).parent
NODE_MODULES = '/usr/share/nodejs'  # of node-undici
PYTHON = '/usr/bin/python3'         # the one that python3-aiohttp is for


def timed(command, folder, env=None):
    """Seconds, and those of a processor, of a program that has to end well."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f'{command} ended with {process.returncode}')
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime


def has_peer(*command, env=None):
    return bool(shutil.which(command[0])) and not subprocess.run(command, capture_output=True, env=env,
                                                                 check=False).returncode


def peers():
    """The scripts that can be run here, by name; the others are named."""
    node = {**os.environ, 'NODE_PATH': NODE_MODULES}
    found = {}
    if has_peer('node', '-e', "require('undici')", env=node):
        found['undici'] = (['node', HERE / 'peer_undici.js'], node)
    else:
        print('  node-undici is not installed: left out')
    if has_peer(PYTHON, '-c', 'import aiohttp'):
        found['aiohttp'] = ([PYTHON, HERE / 'peer_aiohttp.py'], None)
    else:
        print('  python3-aiohttp is not installed: left out')
    return found


def one_turn(bench, url, rows, in_flight, scripts):
    """Rows a second and microseconds of a processor a row, of each."""
    found = {}
    for name in ('bare loop', 'claimbatch', *scripts):
        if name == 'bare loop':
            command, env = [bench.build / 'tests/bare_multi', url, 'body', str(rows), str(in_flight)], None
        elif name == 'claimbatch':
            bench.clear()
            command, env = bench.command('claims.csv', url, '-c', str(in_flight)), None
        else:
            command, env = [*scripts[name][0], url, 'claims.csv', 'peer.csv', str(in_flight)], scripts[name][1]
        seconds, busy = timed(command, bench.folder, env)
        found[name] = rows / seconds, busy * 1e6 / rows
    return found


def beside(bench, rounds):
    """All of them at 16 to 1024 in flight."""
    reason = available()
    if reason:
        return print(f'beside: {reason}')
    rows, scripts = bench.rows, peers()
    bench.write_export('claims.csv', rows)
    bench.write_body('body')
    for in_flight in (16, 64, 256, 1024):
        turns = []
        for _ in range(rounds):
            with nginx(bench.folder) as url:
                turns.append(one_turn(bench, url, rows, in_flight, scripts))
        for name in turns[0]:
            rate, busy = (statistics.median(turn[name][i] for turn in turns) for i in (0, 1))
            ratio, cost = (statistics.median(turn[name][i] / turn['bare loop'][i] for turn in turns) for i in (0, 1))
            bench.say(f'{in_flight} in flight, {name}', f'{rate:.0f} rows/s, {ratio:.2f} of the bare loop; {busy:.1f} us '
                      f'of a processor a row, {cost:.2f} x')


def slow(bench, rounds):
    """Claims a second of in-flight / latency, where each answer takes 50 ms."""
    reason = available(50)
    if reason:
        return print(f'slow: {reason}')
    bench.write_body('body')
    for in_flight in (64, 256, 1024):
        rows, most, bare, ours = bench.some(100 * in_flight), in_flight / 0.05, [], []
        bench.write_export('claims.csv', rows)
        for _ in range(rounds):
            with nginx(bench.folder, latency_ms=50) as url:
                found = one_turn(bench, url, rows, in_flight, {})
            bare.append(found['bare loop'][0] / most)
            ours.append(bench.busy_rate('claims.report.csv') / most)
        bench.say(f'50 ms, {in_flight} in flight', f'{100 * statistics.median(ours):.1f} % of in-flight / latency, the '
                  f'bare loop {100 * statistics.median(bare):.1f} %')


def tls(bench, rounds):
    """Calls by HTTP and HTTPS; connections that stay, and those that are closed after ten calls."""
    reason = available()
    if reason:
        return print(f'tls: {reason}')
    rows = bench.rows
    bench.write_export('claims.csv', rows)
    ways = {'HTTP': {}, 'HTTPS': {'tls': True}, 'HTTP, ten calls a connection': {'requests': 10},
            'HTTPS, ten calls a connection': {'tls': True, 'requests': 10},
            'HTTPS, ten calls a connection, no resumption': {'tls': True, 'requests': 10, 'resumes': False}}
    found = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with nginx(bench.folder, **way) as url:
                bench.clear()
                more = ('--ca-file', 'nginx/cert.pem') if way.get('tls') else ()
                seconds, busy = timed(bench.command('claims.csv', url, '-c', '64', *more), bench.folder)
                found[name].append((rows / seconds, busy * 1e6 / rows))
    for name, turns in found.items():
        rate, busy = (statistics.median(turn[i] for turn in turns) for i in (0, 1))
        bench.say(f'64 in flight, {name}', f'{rate:.0f} rows/s, {busy:.1f} us of a processor a row')


def http2(bench, rounds):
    """HTTPS by HTTP/1.1 and HTTP/2, by turns; nginx ends a connection after 1,000 calls, as it does by itself."""
    for latency_ms, in_flight in ((0, 64), (0, 256), (50, 64), (50, 256)):
        reason = available(50)
        if reason:
            return print(f'http2: {reason}')
        rows = bench.some(50 * in_flight) if latency_ms else bench.rows
        bench.write_export('claims.csv', rows)
        rates, costs = [], []
        for _ in range(rounds):
            turn = []
            for version in ('1.1', '2'):
                with nginx(bench.folder, latency_ms, tls=True, requests=1000, http2=True) as url:
                    bench.clear()
                    command = bench.command('claims.csv', url, '-c', str(in_flight), '--http', version,
                                            '--ca-file', 'nginx/cert.pem')
                    _, busy = timed(command, bench.folder)
                turn.append((bench.busy_rate('claims.report.csv'), busy * 1e6 / rows))
            rates.append(turn[1][0] / turn[0][0])
            costs.append(turn[1][1] / turn[0][1])
            print(f'  {latency_ms} ms, {in_flight} in flight: rows/s and us a row {turn}', flush=True)
        bench.say(f'{latency_ms} ms, {in_flight} in flight, HTTP/2 beside HTTP/1.1', f'{statistics.median(rates):.2f} x the '
                  f'rows a second, {statistics.median(costs):.2f} x the processor time')
    return None
