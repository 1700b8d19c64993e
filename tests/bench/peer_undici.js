// The job of `upload` as a competent script does it: reads the export, signs, sends so many at a time, and writes
// what came of each row. No ledger: what was in flight when it is killed is lost.
// usage: node peer_undici.js URL EXPORT REPORT IN-FLIGHT
const { createHmac } = require('crypto');
const fs = require('fs');
const { Pool } = require('undici');

const SECRET = 'helloworld';
const METHOD = 'tmall.serivcecenter.workcard.insurance.claim';
const [url, source, target, inFlight] = process.argv.slice(2);

function beijingTime() {
  return new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function bodyOf(line) {
  const [card, desc, count, order, status, time, fee] = line.split(',');
  const claim = { claim_count: +count, claim_fee: +fee, claim_order_no: order, claim_status: +status,
    claim_time: time, workcard_id: +card };
  if (desc) claim.claim_desc = desc;
  const params = { app_key: '1', format: 'json', method: METHOD, sign_method: 'hmac-sha256',
    timestamp: beijingTime(), v: '2.0', workcard_insurance_callback_request: JSON.stringify(claim) };
  const text = Object.keys(params).sort().map((name) => name + params[name]).join('');
  params.sign = createHmac('sha256', SECRET).update(text).digest('hex').toUpperCase();
  return new URLSearchParams(params).toString();
}

async function main() {
  const lines = fs.readFileSync(source, 'utf8').split('\n').slice(1).filter(Boolean);
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: +inFlight, pipelining: 1 });
  const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
  const report = fs.createWriteStream(target);
  let next = 0;
  let failed = 0;

  async function work() {
    while (next < lines.length) {
      const row = next++;
      const { body } = await pool.request({ path: pathname, method: 'POST', headers, body: bodyOf(lines[row]) });
      const answer = JSON.parse(await body.text()).tmall_serivcecenter_workcard_insurance_claim_response;
      failed += !answer.is_success;
      report.write(`${row + 2},${lines[row]},${answer.msg_code},${answer.request_id}\n`);
    }
  }
  await Promise.all(Array.from({ length: +inFlight }, work));
  await new Promise((done) => report.end(done));
  await pool.close();
  process.exitCode = failed ? 1 : 0;
}

main();
