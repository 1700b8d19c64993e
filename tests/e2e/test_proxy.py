"""Proxies of the environment: what libcurl is told of them, and what nobody is (protocol section 8)."""

import os
import socket
import threading

from harness import TestCase, claim_rows

PASSWORD = "pa55-of-the-proxy"


class Listener:
    """Counts connections, refuses to connect anywhere (HTTP 407), and keeps what was said."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.said = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.said.append(connection.recv(65536))
            connection.sendall(
                b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            connection.close()


class ProxyTest(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(2))
        self.proxy = self.enterContext(Listener())

    def environment(self, **more):
        env = self.ws.environment(**more)
        env.pop("NO_PROXY")
        return env

    def assertNowhere(self, result, secret):
        self.assertNotIn(secret, result.out + result.err)
        for name in os.listdir(self.ws.path):
            self.assertNotIn(secret.encode(), self.ws.read(name), name)

    def test_a_loopback_gateway_is_reached_directly_whatever_the_environment_says(self):
        url = f"http://127.0.0.1:{self.proxy.port}"
        gateway = self.gateway()
        env = self.environment(http_proxy=url, https_proxy=url, ALL_PROXY=url)
        self.assertExit(self.ws.upload(gateway, env=env), 0)
        self.assertEqual(self.proxy.said, [])

    def test_a_password_of_a_malformed_proxy_is_nowhere_and_nothing_is_sent(self):
        for value in (f"http://corp:{PASSWORD}/ss@127.0.0.1:1", f"http://corp:{PASSWORD}#@127.0.0.1:1"):
            with self.subTest(value):
                env = self.environment(https_proxy=value)
                result = self.ws.upload("https://gateway.invalid/router/rest", env=env)
                self.assertExit(result, 78)
                self.assertSays(result, "https_proxy", "nothing was sent")
                self.assertNowhere(result, PASSWORD)

    def test_what_a_proxy_says_is_kept_nowhere(self):
        url = f"http://corp:{PASSWORD}@127.0.0.1:{self.proxy.port}"
        env = self.environment(https_proxy=url)
        result = self.ws.upload(
            "https://gateway.invalid/router/rest", "--outage-patience", "1", env=env
        )
        self.assertExit(result, 69)
        self.assertTrue(self.proxy.said[0].startswith(b"CONNECT gateway.invalid:443"))
        self.assertIn(b"User-Agent: claimbatch/", self.proxy.said[0])
        for line in self.ws.read_report():
            self.assertEqual(line["outcome"], "unsent")
            self.assertNotIn("407", line["message"])
        self.assertNowhere(result, PASSWORD)

    def test_print_config_shows_the_proxy_in_force_masked(self):
        env = self.environment(https_proxy=f"http://corp:{PASSWORD}@127.0.0.1:3128")
        shown = self.ws.run("upload", "--print-config", env=env)
        self.assertExit(shown, 0)
        self.assertIn("# proxy: http://***@127.0.0.1:3128 (from the environment: https_proxy)", shown.out)
        self.assertNotIn(PASSWORD, shown.out)
        shown = self.ws.run("upload", "--print-config", "--gateway", "http://127.0.0.1:1/", env=env)
        self.assertIn("# proxy: none", shown.out)

    def test_keys_of_connections_are_written_nowhere(self):
        sandbox = self.sandbox(tls=True)
        env = self.environment(SSLKEYLOGFILE=self.ws.file("keys"))
        result = self.ws.upload(sandbox, "--ca-file", sandbox.certificate, env=env)
        self.assertExit(result, 0)
        self.assertFalse(os.path.exists(self.ws.file("keys")))
