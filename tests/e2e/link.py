"""A link between a host and a server: what a socket in a folder of its own is told goes on to the server's,
as well as the network lets it.

A link can end, be silent in one direction or both, and be slow. What was on its way when it fell silent
arrives once it speaks again, also where its sender has gone meanwhile: as a network keeps a message back.
"""

import contextlib
import os
import socket
import threading

TO_SERVER, TO_CLIENT = "to server", "to client"
BOTH = (TO_SERVER, TO_CLIENT)
SOCKET = ".s.PGSQL.5432"


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
            shut(pair, socket.SHUT_RDWR)

    def silence(self, directions=BOTH):
        with self._change:
            self._silent = directions

    def slow_down(self, seconds):
        with self._change:
            self._delay_s = seconds

    def keep_back(self):
        """What the connections of now tell the server arrives after `mend`; new ones are not concerned."""
        with self._change:
            self._kept = set(self._pairs)

    def leave(self):
        """The client's ends of those are closed; the server's stay."""
        with self._change:
            pairs = list(self._kept)
        for client, _ in pairs:
            shut((client,), socket.SHUT_RDWR)

    def half_close(self):
        """The client is told that the server has closed, and the server nothing."""
        with self._change:
            pairs = list(self._pairs)
        for client, _ in pairs:
            shut((client,), socket.SHUT_WR)

    def mend(self):
        with self._change:
            self._is_cut, self._silent, self._delay_s, self._kept = False, (), 0, set()
            self._change.notify_all()

    # ---- how it does it ----

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            pair = (client, server)
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
                threading.Thread(target=self._pump, args=(source, target, direction, ended), daemon=True).start()
            threading.Thread(target=self._end, args=(pair, ended), daemon=True).start()

    def _pump(self, source, target, direction, ended):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._wait(direction, source)
                target.sendall(data)
        self._wait(direction, source)
        shut((target,), socket.SHUT_WR)
        ended.release()

    def _wait(self, direction, source):
        with self._change:
            if self._delay_s:
                self._change.wait(self._delay_s)
            self._change.wait_for(lambda: self._is_closed or self._speaks(direction, source))

    def _speaks(self, direction, source):
        return direction not in self._silent and not any(source is client for client, _ in self._kept)

    def _end(self, pair, ended):
        ended.acquire()
        ended.acquire()
        with self._change:
            self._pairs.discard(pair)
        for side in pair:
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
