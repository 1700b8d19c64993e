"""A relay in front of a gateway, whose network can be cut: connections end, and nobody listens. Proxy is one that
a host names as its proxy, so that all hosts name the gateway alike."""

import contextlib
import socket
import threading


DIRECTIONS = ("to gateway", "to client")


class Relay:
    def __init__(self, port):
        self._gateway = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._pairs = set()
        self._is_cut = False
        self._speaks = {name: threading.Event() for name in DIRECTIONS}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        for event in self._speaks.values():
            event.set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/router/rest"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        """Shut down first, so that the thread that waits in accept comes out of it."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()
        self.fix()

    def cut(self):
        """Ends every connection, in whatever state it is; new ones end at once until `fix`."""
        with self._lock:
            self._is_cut = True
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            end(pair)

    def fix(self):
        with self._lock:
            self._is_cut = False
        for event in self._speaks.values():
            event.set()

    def silence(self, directions):
        """What is told in these goes on after `fix`, unless the connection has ended by then."""
        for name in directions:
            self._speaks[name].clear()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                gateway = socket.create_connection(self._gateway)
            except OSError:
                client.close()
                continue
            pair = (client, gateway)
            with self._lock:
                refused = self._is_cut
                if not refused:
                    self._pairs.add(pair)
            if refused:
                end(pair)
                continue
            for source, target, direction in zip(pair, reversed(pair), DIRECTIONS):
                threading.Thread(target=self._pump, args=(source, target, direction, pair), daemon=True).start()

    def _pump(self, source, target, direction, pair):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._speaks[direction].wait()
                target.sendall(self._forward(data))
        with self._lock:
            self._pairs.discard(pair)
        end(pair)


    def _forward(self, data):
        return data


class Proxy(Relay):
    """Of requests of one client, each of which begins what is read at once."""

    def __init__(self, port):
        super().__init__(port)
        self.url = self.url.removesuffix("/router/rest")

    def _forward(self, data):
        if not data.startswith(b"POST http://"):
            return data
        place = data.index(b"/", len(b"POST http://"))
        return b"POST " + data[place:]


def end(pair):
    for side in pair:
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()
