"""Whether what stands in a ledger on servers, in the reports of its hosts and in the gateway's journal is one
truth. It reads the tables as psql tells them, and shares no code with the program."""

import datetime
import glob
import os

import office
from harness import claim_digest
from trial import oracle


def read_claims(database):
    """key: (hex of the accepted digest, number of the open attempt's worker, whether it is an intent)."""
    return {
        (int(workcard), order_no): (digest, worker, is_intent)
        for order_no, workcard, digest, worker, is_intent in database.query(
            "SELECT claim_order_no, workcard_id, coalesce(encode(accepted_digest, 'hex'), ''),"
            " coalesce(open_worker::text, ''), coalesce(open_intent, false) FROM claimbatch.claim")
    }


def check_tables(database):
    """What the ledger says of itself."""
    questions = {
        "a run is held, and nobody is at work":
            "SELECT run.id, worker.id, host FROM claimbatch.run JOIN claimbatch.worker ON worker.id=run.worker"
            " WHERE NOT worker.ended AND NOT worker.fenced",
        "an intent is open, and nobody is at work":
            "SELECT id, open_worker FROM claimbatch.claim WHERE open_call IS NOT NULL AND open_intent",
        "a claim is accepted, and no row of its run says so":
            "SELECT c.id, c.accepted_run, c.accepted_row FROM claimbatch.claim c WHERE c.accepted_run IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM claimbatch.row r WHERE r.run=c.accepted_run AND r.row=c.accepted_row"
            " AND r.state=3 AND r.outcome=0)",
        "two workers of one number of the host":
            "SELECT place, boot, pid, count(*) FROM claimbatch.worker WHERE NOT ended AND NOT fenced"
            " GROUP BY place, boot, pid HAVING count(*)>1",
    }
    return [
        f"ledger: {words}: {', '.join(row)}"
        for words, question in questions.items()
        for row in database.query(question)[:3]
    ]


def check_claims(database, journal):
    """Of each claim, the newest content that was executed is accepted, or its attempt is open; and what is
    accepted was executed."""
    found = []
    known = read_claims(database)
    executed = {
        key: [claim_digest(oracle.sent_values(entry["claim"])) for entry in entries if entry["executed"]]
        for key, entries in office.by_claim(journal).items()
    }
    for key, digests in executed.items():
        accepted, worker, _ = known.get(key, ("", "", ""))
        if digests and not worker and not accepted.startswith(digests[-1]):
            found.append(f"{key}: executed, and the ledger knows nothing of it")
    for key, (accepted, _, _) in known.items():
        if accepted and not any(accepted.startswith(digest) for digest in executed.get(key, ())):
            found.append(f"{key}: accepted in the ledger, and never executed")
    return found


def check_unknown(database, in_flight):
    """Of one worker no more is in flight than that, and as much may be waiting for its turn."""
    return [
        f"fence: {count} calls of one worker are unknown, of {in_flight} in flight"
        for count, in database.query(
            "SELECT substring(text FROM 'calls in flight, ([0-9]+)')::integer FROM claimbatch.event"
            " WHERE text LIKE '%calls in flight%' ORDER BY 1 DESC LIMIT 1")
        if int(count) > 2 * in_flight
    ]


LAG_S = 0.25  # arrivals may come so much closer together than departures
LATE_S = 1 + LAG_S  # of a time in whole seconds


def is_late(entry):
    """Signed surely longer ago than that: by a host that was stopped behind the last look at its deadline, which
    nobody can keep from sending then. So it is not counted with what others send at that moment."""
    signed = datetime.datetime.strptime(entry["timestamp"] + " +0800", "%Y-%m-%d %H:%M:%S %z").timestamp()
    return LATE_S < entry["at_ms"] / 1000 - signed < 10 * 60


def check_rate(journal, rate):
    """Over all hosts."""
    times = sorted(entry["at_ms"] for entry in journal if entry.get("claim") is not None and not is_late(entry))
    return [
        f"rate: {rate + 1} claims within {times[at + rate] - times[at]} ms, at {times[at]}"
        for at in range(len(times) - rate)
        if times[at + rate] - times[at] < 1000 * (1 - LAG_S)
    ][:3]


def check_reports(hosts, journal):
    return [
        f"{host.name}: {text}"
        for host in hosts
        for path in sorted(glob.glob(host.ws.file("*.report.csv")))
        for text in office.check_report(path, journal)
    ]


def check_spills(hosts):
    return [
        f"{host.name}: a spill is left: {os.path.basename(path)}"
        for host in hosts
        for path in glob.glob(os.path.join(host.state, "*.spill"))
    ]


def after_day(database, hosts, journal, said, rate, in_flight):
    """What holds also while claims are unsettled and a host has not come up again."""
    found = office.check_wire(journal, said)
    found += check_claims(database, journal)
    found += check_unknown(database, in_flight)
    found += check_rate(journal, rate)
    return found + check_reports(hosts, journal)


def at_end(database, hosts):
    return check_tables(database) + check_spills(hosts)
