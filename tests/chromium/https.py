"""What stands before a server in production: the end of TLS."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.idp.keys import make_keys
from tests.processes import PATIENCE

_OF_ONE_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class _Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port: int

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _pass_on(self, body: bytes | None) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(self.command, self.path, body, headers | {"X-Forwarded-Proto": "https"})
            answer = connection.getresponse()
            content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Who asked what is in the logs of the servers behind."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news."""


@contextmanager
def https(folder: Path, host: str, port: int) -> Iterator[int]:
    """The port at which this host speaks TLS, before the server at `port`."""
    keys = make_keys(host)
    (folder / f"{host}.pem").write_text(keys.private_key + keys.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{host}.pem")
    server = _Server(("127.0.0.1", 0), type("Front", (_Front,), {"port": port}))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
