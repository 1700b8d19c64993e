"""A link between a host and a server: what a socket in a folder of its own is told goes on to the server's,
as well as the network lets it.

A link can end, be silent in one direction or both, and be slow. What was on its way when it fell silent
arrives once it speaks again, also where its sender has gone meanwhile: as a network keeps a message back.
"""

import contextlib
import os
import re
import socket
import struct
import threading

TO_SERVER, TO_CLIENT = "to server", "to client"
BOTH = (TO_SERVER, TO_CLIENT)
SOCKET = ".s.PGSQL.5432"
FENCE = re.compile(rb"(s\d+\0)SELECT need\(EXISTS\(")  # what each turn begins with, as it is prepared
COMMITTED = b"C\0\0\0\x0bCOMMIT\0"  # the server's word for it
PEER = struct.Struct("3i")


class Pair:
    """The two sides of a connection; `process` is the client's, `commits` what it was told of its turns."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.process = PEER.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))[0]
        self.fence = None  # its name there; None: no turns are told to this connection
        self.commits = 0

    def note(self, direction, data):
        prepared = FENCE.search(data) if direction == TO_SERVER else None
        if prepared:
            self.fence = b"\0" + prepared.group(1)
        elif direction == TO_CLIENT and self.fence:
            self.commits += data.count(COMMITTED)

    def begins_turn(self, direction, data):
        return direction == TO_SERVER and self.fence and self.fence in data

    def sides(self):
        return self.client, self.server


class Link:
    """`find_target` gives the path of the server's socket, as of now."""

    def __init__(self, folder, find_target):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self._find_target = find_target
        self._change = threading.Condition()
        self._silent = ()
        self._delay_s = 0
        self._is_cut = self._is_closed = False
        self._pairs = set()
        self._keeps_next = False
        self._kept = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(folder, SOCKET))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    # ---- what a network does ----

    def cut(self):
        """Ends every connection; new ones end at once, until `mend`."""
        with self._change:
            self._is_cut = True
            pairs = list(self._pairs)
        for pair in pairs:
            shut(pair.sides(), socket.SHUT_RDWR)

    def silence(self, directions=BOTH):
        with self._change:
            self._silent = directions

    def slow_down(self, seconds):
        with self._change:
            self._delay_s = seconds

    def keep_back(self):
        """The next turn that the server is told arrives after `mend`, and so does what its connection is told
        after that; others are not concerned."""
        with self._change:
            self._keeps_next = True

    def keeps_turn(self):
        with self._change:
            return bool(self._kept)

    def leave(self):
        """The client's end of that is closed; the server's stays."""
        with self._change:
            pairs = list(self._kept)
        for pair in pairs:
            shut((pair.client,), socket.SHUT_RDWR)

    def has_turns(self):
        with self._change:
            return any(pair.fence for pair in self._pairs)

    def replaced(self):
        """Those that are kept back and whose process has been told of a commit by a connection made since."""
        with self._change:
            since = {pair.process for pair in self._pairs - self._kept if pair.commits}
            return [pair for pair in self._kept if pair.process in since]

    def half_close(self):
        """The client is told that the server has closed, and the server nothing."""
        with self._change:
            pairs = list(self._pairs)
        for pair in pairs:
            shut((pair.client,), socket.SHUT_WR)

    def mend(self):
        with self._change:
            self._is_cut, self._silent, self._delay_s = False, (), 0
            self._keeps_next, self._kept = False, set()
            self._change.notify_all()

    # ---- how it does it ----

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            pair = Pair(client, server)
            with self._change:
                is_refused = self._is_cut or self._is_closed
            try:
                if is_refused:
                    raise OSError
                server.connect(self._find_target())
            except OSError:
                client.close()
                server.close()
                continue
            with self._change:
                self._pairs.add(pair)
            ended = threading.Semaphore(0)
            for source, target, direction in ((client, server, TO_SERVER), (server, client, TO_CLIENT)):
                threading.Thread(target=self._pump, args=(pair, source, target, direction, ended), daemon=True).start()
            threading.Thread(target=self._end, args=(pair, ended), daemon=True).start()

    def _pump(self, pair, source, target, direction, ended):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._note(pair, direction, data)
                self._wait(direction, source)
                self._pass_on(target, direction, data)
        self._wait(direction, source)
        shut((target,), socket.SHUT_WR)
        ended.release()

    def _note(self, pair, direction, data):
        with self._change:
            pair.note(direction, data)
            if self._keeps_next and pair.begins_turn(direction, data):
                self._keeps_next = False
                self._kept.add(pair)

    @staticmethod
    def _pass_on(target, direction, data):
        """What a server says is heard also where its client has gone."""
        with contextlib.suppress(*((OSError,) if direction == TO_CLIENT else ())):
            target.sendall(data)

    def _wait(self, direction, source):
        with self._change:
            if self._delay_s:
                self._change.wait(self._delay_s)
            self._change.wait_for(lambda: self._is_closed or self._speaks(direction, source))

    def _speaks(self, direction, source):
        return direction not in self._silent and not any(source is pair.client for pair in self._kept)

    def _end(self, pair, ended):
        ended.acquire()
        ended.acquire()
        with self._change:
            self._pairs.discard(pair)
        for side in pair.sides():
            side.close()

    def close(self):
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()


def shut(sides, how):
    for side in sides:
        with contextlib.suppress(OSError):
            side.shutdown(how)
