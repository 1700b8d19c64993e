"""What a further row takes in instructions, by function, under callgrind: does not depend on what else runs."""
import collections
import re
import shutil
import subprocess

FEW, MANY = 2000, 12000
SHOWN = 14


def count(bench, command, out):
    """Instructions of a run by function; '' is all of them."""
    out = bench.folder / out
    result = subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={out}', *command], cwd=bench.folder,
                            capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f'{command} ended with {result.returncode}: {result.stderr}')
    text = subprocess.run(['callgrind_annotate', '--threshold=100', '--auto=no', out], capture_output=True, text=True,
                          check=True).stdout
    found = collections.Counter()
    for line in text.splitlines():
        match = re.match(r'\s*([\d,]+) \([\s\d.]+%\)\s+(?:\S*:)?(\S+)(?: \[(\S+)\])?', line)
        if match:
            number, function, where = match.groups()
            name = '' if function == 'PROGRAM' else f'{function} ({where.rsplit("/", 1)[-1] if where else "?"})'
            found[name] += int(number.replace(',', ''))
    return found


def show(bench, what, few, many):
    each = {name: (many[name] - few[name]) / (MANY - FEW) for name in many}
    bench.say(f'instructions a further row, {what}', f'{each.pop(""):.0f}')
    for name in sorted(each, key=each.get, reverse=True)[:SHOWN]:
        print(f'  {each[name]:8.0f}  {name}')


def instructions(bench):
    """New rows at 64 in flight, and rows of another file of which all is accepted."""
    if not shutil.which('valgrind'):
        return print('instructions: valgrind is not installed')
    new, other = [], []
    for rows in (FEW, MANY):
        bench.clear()
        bench.write_export('claims.csv', rows)
        bench.write_other('claims.csv', 'copy.csv')
        with bench.sandbox() as url:
            new.append(count(bench, bench.command('claims.csv', url, '-c', '64'), 'new.out'))
            other.append(count(bench, bench.command('copy.csv', url, '-c', '64'), 'other.out'))
    show(bench, 'new rows', *new)
    show(bench, 'another file, all of it accepted', *other)
