"""A browser without a window, driven by the DevTools protocol over a pair of pipes."""

import base64
import fcntl
import json
import os
import select
import selectors
import shutil
import signal
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
SECONDS = 60  # a browser that needs longer for one answer hangs


def find_browser():
    """The path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Failed(Exception):
    """The browser said no, or nothing."""


class Browser:
    """One page of one browser. Whatever the page says on its console, asks the network for, or opens as
    a dialog is kept."""

    def __init__(self):
        self.console = []  # messages and errors that nobody caught
        self.requests = []  # addresses
        self.dialogs = []
        self._number = 0
        self._bytes = b""
        self._answers = {}
        self._loaded = False

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="claimbatch-browser-")
        try:
            self._start()
            self._attach()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        """Its descriptor 3 is where it reads commands, 4 is where it answers."""
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        # Away from 3 and 4, so that moving one there does not close the other.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (commands, answers)]
        name = find_browser()
        self._process = os.posix_spawn(
            name,
            [name, *OPTIONS, f"--user-data-dir={self._folder}", "about:blank"],
            {**os.environ, "HOME": self._folder},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, ends[0], 3),
                (os.POSIX_SPAWN_DUP2, ends[1], 4),
            ],
        )
        for end in (commands, answers, *ends):
            os.close(end)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._from, selectors.EVENT_READ)

    def _attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        number = self._number
        self._read_until(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _read_until(self, condition, what):
        deadline = time.monotonic() + SECONDS
        while not condition():
            if not self._selector.select(max(0, deadline - time.monotonic())):
                raise Failed(f"{what}: no answer within {SECONDS} s")
            piece = os.read(self._from, 1 << 20)
            if not piece:
                raise Failed(f"{what}: the browser has gone")
            *messages, self._bytes = (self._bytes + piece).split(b"\0")
            for message in messages:
                self._take(json.loads(message))

    def _take(self, message):
        if "id" in message:
            self._answers[message["id"]] = message
            return
        method, parameters = message["method"], message.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(parameters)
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(parameters["message"])
        elif method == "Page.loadEventFired":
            self._loaded = True

    def open(self, path):
        """Opens a file and waits until it has loaded."""
        self._loaded = False
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self._read_until(lambda: self._loaded, "Page.navigate")

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failed(json.dumps(answer["exceptionDetails"], ensure_ascii=False))
        return answer["result"].get("value")

    def show(self, width, height=900, scheme="light", medium="screen"):
        """The size of the window, the scheme of colours, screen or print."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            media=medium,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def press(self, key, code, text=None):
        for kind in ("keyDown", "keyUp"):
            parameters = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            if text and kind == "keyDown":
                parameters["text"] = text
            self.call("Input.dispatchKeyEvent", **parameters)

    def picture(self, path, whole=True):
        """A PNG of what is shown."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def pdf(self, **how):
        """The page on paper, whatever was shown before."""
        self.call("Emulation.clearDeviceMetricsOverride")
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        return base64.b64decode(self.call("Page.printToPDF", **how)["data"])

    def close(self):
        """Its process is waited for: closing its pipe asks it to leave, and it is ended if it does not."""
        for name in ("_to", "_from"):
            if getattr(self, name) is not None:
                os.close(getattr(self, name))
                setattr(self, name, None)
        if self._process is not None:
            handle = os.pidfd_open(self._process)
            if not select.select([handle], [], [], SECONDS)[0]:
                os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            os.close(handle)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    _to = _from = _process = _session = None
