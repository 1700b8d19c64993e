"""What befalls hosts, servers and networks within a day of the cluster campaign. Each accident ends what it
has begun before it returns; it may allow exit codes that a day without it does not have."""

import signal
import time

from link import BOTH, TO_CLIENT, TO_SERVER
from postgres import query
from relay import DIRECTIONS

LEASE_S = 2.2  # short_lease.c: after that a host is replaced
WINDOW_S = 7  # short_window.h
BEFORE_REQUEST, BEFORE_COMMIT, AFTER_COMMIT = 1, 2, 3  # pause.c
MOMENT_S = 5
LATENCY_MAX_S = 0.15
GHOST_S = 0.3
# Those that wait for a moment themselves: they begin before it may be over.
DIRECTED = ("stop_before_request", "stop_before_commit", "stop_after_commit", "suspend", "sleep")
LONG_ONES = ("sleep",)
ASKED = tuple(sign for number in (signal.SIGINT, signal.SIGTERM) for sign in (-number, 128 + number))
OLD_TIMESTAMP = (77,)
BAD_CONFIG, DISK = (78,), (73, 74)


class Nemesis:
    def __init__(self, day, rng, database, hosts):
        self.day, self.rng, self.database, self.hosts = day, rng, database, hosts
        self.pauses = 0  # at a moment that was waited for
        self.ghosts = 0  # that came too late

    def strike(self, name):
        """At a host that is at work, if one is."""
        busy = [host for host in self.hosts if host.is_busy()]
        getattr(self, name)(self.rng.choice(busy or self.hosts))

    def pause(self):
        """Many are short, some are longer than a lease, and a few longer than the gateway's window: what was
        signed before that is refused."""
        kind = self.rng.random()
        if kind < 0.4:
            time.sleep(self.rng.uniform(0.05, 1))
        elif kind < 0.97:
            time.sleep(LEASE_S + self.rng.uniform(0.2, 1))
        else:
            self.day.allow(OLD_TIMESTAMP)
            time.sleep(WINDOW_S + 1)

    # ---- hosts ----

    def kill(self, host):
        """And it comes up again after a while."""
        with host.down():
            host.send_signal(signal.SIGKILL)
            self.pause()

    def die(self, host):
        """It does not come up before the day ends; another one is told what it had to do."""
        host.is_dead = True
        host.send_signal(signal.SIGKILL)

    def ask_to_stop(self, host):
        self.day.allow(ASKED)
        host.send_signal(self.rng.choice((signal.SIGINT, signal.SIGTERM)))

    def stop(self, host):
        host.send_signal(signal.SIGSTOP)
        self.pause()
        host.send_signal(signal.SIGCONT)

    def stop_before_request(self, _):
        self._stop_at(BEFORE_REQUEST)

    def stop_before_commit(self, _):
        self._stop_at(BEFORE_COMMIT)

    def stop_after_commit(self, _):
        self._stop_at(AFTER_COMMIT)

    def _stop_at(self, moment):
        host = self._await_stopped(moment)
        if host:
            self.pause()
            host.send_signal(signal.SIGCONT)

    def suspend(self, _):
        """A host is stopped when a request is about to leave. Another one takes its place, a person says what
        the gateway knows, and the claims are sent again: then it goes on, and the request is not too old yet."""
        host = self._await_stopped(BEFORE_REQUEST)
        if host:
            self._send_again_instead(host)

    def sleep(self, _):
        """Longer than the quarantine, when it has been granted what it is to send: what it signs then is not old."""
        host = self._await_granted()
        if host:
            self._await_fence(host)
            self.day.await_end_of_quarantine()
            self._send_again_instead(host)

    def _await_stopped(self, moment):
        """The first host that comes to such a moment. None: none did, soon."""
        for host in self.hosts:
            host.arm(moment)
        stopped = self._await(MOMENT_S, lambda: [host for host in self.hosts if host.stopped()])
        for host in self.hosts:
            host.arm(0)
        for host in self.hosts:
            if host not in stopped[:1]:
                host.send_signal(signal.SIGCONT)
        self.pauses += bool(stopped)
        return stopped[0] if stopped else None

    def _await_granted(self):
        """A host that has been granted calls which the gateway has not got, nor is getting."""
        until = time.monotonic() + MOMENT_S
        while time.monotonic() < until and (host := self._await_stopped(AFTER_COMMIT)):
            time.sleep(LATENCY_MAX_S)
            if self.day.has_unsent(host.stopped()):
                return host
            host.send_signal(signal.SIGCONT)
        return None

    def _send_again_instead(self, host):
        self.day.allow(OLD_TIMESTAMP)
        self._await_fence(host)
        other = next(other for other in self.hosts if other is not host)
        self.day.wait_for_others(host, 1)
        self.day.send_again(other)
        self.day.settle(other)
        self.day.send_again(other)
        host.send_signal(signal.SIGCONT)

    def _await_fence(self, host):
        """Of what is stopped there; or until nobody seems to want its place."""
        pids = ", ".join(map(str, host.stopped()))
        question = f"SELECT EXISTS (SELECT 1 FROM claimbatch.worker WHERE pid IN ({pids}) AND NOT fenced)"
        self._await(2 * LEASE_S, lambda: self.database.query(question) == [["f"]])

    def set_clock(self, host):
        """Some of these the gateway does not take, and some the ledger does not."""
        self.day.allow(BAD_CONFIG + OLD_TIMESTAMP)
        host.set_clock(int(1000 * self.rng.choice((-2, 2, 5, -5, 20, -90, 90)) * self.rng.uniform(0.8, 1.1)))
        self.pause()
        host.set_clock(0)

    # ---- their links to the servers ----

    def cut_database(self, host):
        for link in host.links:
            link.cut()
        self.pause()
        host.mend()

    def silence_database(self, host):
        directions = self.rng.choice((BOTH, (TO_SERVER,), (TO_CLIENT,)))
        for link in host.links:
            link.silence(directions)
        self.pause()
        host.mend()

    def leave_ghost(self, host):
        """What is on its way to the server arrives when the host has long had another connection: too late."""
        host = next((other for other in self.hosts if any(link.has_turns() for link in other.links)), host)
        for link in host.links:
            link.keep_back()
        self._await(1, lambda: any(link.keeps_turn() for link in host.links))
        for link in host.links:
            link.leave()
        ghosts = self._await(LEASE_S, lambda: [ghost for link in host.links for ghost in link.replaced()])
        commits = [ghost.commits for ghost in ghosts]
        host.mend()
        time.sleep(GHOST_S if ghosts else 0)
        self.ghosts += len(ghosts)
        self.day.found += [
            f"{host.name}: the ledger carried out what a connection had been told before another took its place"
            for ghost, before in zip(ghosts, commits) if ghost.commits > before]

    def _await(self, seconds, ask):
        """What it says as soon as it says something, or after so long."""
        until = time.monotonic() + seconds
        while not (said := ask()) and time.monotonic() < until:
            time.sleep(0.002)
        return said

    def slow_database(self, host):
        for link in host.links:
            link.slow_down(self.rng.uniform(0.01, 0.3))
        self.pause()
        host.mend()

    def half_close(self, host):
        for link in host.links:
            link.half_close()

    # ---- … to the gateway ----

    def cut_gateway(self, host):
        host.gateway.cut()
        self.pause()
        host.gateway.fix()

    def silence_gateway(self, host):
        host.gateway.silence(self.rng.choice((DIRECTIONS, DIRECTIONS[:1], DIRECTIONS[1:])))
        self.pause()
        host.gateway.fix()

    def cut_both(self, host):
        host.gateway.cut()
        self.cut_database(host)

    def cut_and_kill(self, host):
        """It keeps answers that nobody gets before the next start."""
        with host.down():
            for link in host.links:
                link.cut()
            time.sleep(self.rng.uniform(0.2, 3))
            host.send_signal(signal.SIGKILL)
            host.mend()

    # ---- servers ----

    def fail_over(self, _):
        self.database.fail_over()

    def old_primary_back(self, _):
        """Hosts whose connections end meanwhile find it first, where it is the first of their URL."""
        self.day.allow(BAD_CONFIG)
        with self.database.old_primary():
            for host in self.hosts:
                host.reconnect()
            self.pause()

    def lose_synchrony(self, _):
        """A server that waits for no standby any more is not sent with: else what it forgets is sent again."""
        self.day.allow(BAD_CONFIG)
        with self.database.without_synchrony(lambda: [host.reconnect() for host in self.hosts]):
            time.sleep(self.rng.uniform(0.3, 1))

    def crash(self, _):
        self.database.crash()

    def stop_backends(self, _):
        self.database.stop_backends(self.rng.uniform(0.1, LEASE_S + 1))

    def stop_standby(self, _):
        with self.database.without_standby():
            self.pause()

    def cancel_waiting(self, _):
        self._end_waiting("pg_cancel_backend")

    def terminate_waiting(self, _):
        self._end_waiting("pg_terminate_backend")

    def _end_waiting(self, function):
        with self.database.without_standby():
            time.sleep(self.rng.uniform(0.3, 1))
            self.database.end_waiting(function)

    def cancel_and_forget(self, _):
        """What was cancelled while it waited for the standby is gone when that takes over."""
        self.day.allow(BAD_CONFIG)
        with self.database.forgetful_standby():
            for _ in range(3):
                time.sleep(self.rng.uniform(0.1, 0.4))
                self.database.end_waiting("pg_cancel_backend")

    def fill_disk(self, _):
        self.day.allow(DISK)
        with self.database.full_disk():
            self.pause()

    def set_clock_of_server(self, _):
        """By less than what the quarantine has to spare."""
        self.database.primary.set_clock(self.rng.choice((-900, 900)))
        self.pause()
        self.database.primary.set_clock(0)

    def hold_snapshot(self, _):
        """As a dump does."""
        query(self.database.primary.url(),
              "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM claimbatch.claim;"
              f" SELECT pg_sleep({LEASE_S})")


ACCIDENTS = [
    name for name in vars(Nemesis)
    if not name.startswith("_") and name not in ("strike", "pause")
]
