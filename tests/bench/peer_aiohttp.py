"""The job of `upload` as a competent script does it: reads the export, signs, sends so many at a time, and writes what
came of each row. No ledger: what was in flight when it is killed is lost.

usage: peer_aiohttp.py URL EXPORT REPORT IN-FLIGHT
"""
import asyncio
import csv
import hashlib
import hmac
import json
import sys
import time
import urllib.parse

import aiohttp

SECRET = b'helloworld'
NUMBERS = ('claim_count', 'claim_fee', 'claim_status', 'workcard_id')
WRAPPER = 'tmall_serivcecenter_workcard_insurance_claim_response'


def body_of(row):
    claim = {name: int(value) if name in NUMBERS else value for name, value in row.items() if value}
    params = {
        'app_key': '1', 'format': 'json', 'method': 'tmall.serivcecenter.workcard.insurance.claim',
        'sign_method': 'hmac-sha256', 'v': '2.0',
        'timestamp': time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(time.time() + 8 * 3600)),
        'workcard_insurance_callback_request': json.dumps(claim, ensure_ascii=False, separators=(',', ':')),
    }
    text = ''.join(name + params[name] for name in sorted(params))
    params['sign'] = hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest().upper()
    return urllib.parse.urlencode(params)


async def work(session, url, rows, report, failed):
    for number, row in rows:
        async with session.post(url, data=body_of(row)) as response:
            answer = json.loads(await response.text())[WRAPPER]
        if not answer['is_success']:
            failed.append(number)
        report.writerow([number, *row.values(), answer['msg_code'], answer['request_id']])


async def main(url, source, target, in_flight):
    headers = {'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8'}
    failed = []
    with open(source, encoding='utf-8', newline='') as export, open(target, 'w', encoding='utf-8', newline='') as out:
        rows = enumerate(csv.DictReader(export), 2)
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=in_flight)) as session:
            await asyncio.gather(*(work(session, url, rows, csv.writer(out), failed) for _ in range(in_flight)))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
