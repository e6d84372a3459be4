"""A company's network on loopback: servers behind TLS of its own, reached by a proxy alone that wants a password.

Their names are known to nobody but the proxy, so whatever reaches them went through it: addresses of this machine
are never asked of a proxy.
"""

import asyncio
import base64
import contextlib
import ssl
from pathlib import Path

from bot.sim.demo import demo

FOLDER = Path(__file__).parent / "certificates"
CA, ANOTHER = str(FOLDER / "ca.pem"), str(FOLDER / "another.pem")
USER, PASSWORD = "maya", "p%40ss%3Aword"  # as an address has them
AUTHORIZATION = "Basic " + base64.b64encode(b"maya:p@ss:word").decode()


class Company:
    """``asked``: what the proxy was asked for. ``refuses``: a status it answers everything with."""

    def __init__(self, running):
        self.running, self.asked, self.refuses = running, [], 0
        self._places = {}
        self.proxy = ""

    async def _connect(self, reader, writer):
        """Take one CONNECT and lead it on."""
        try:
            first = await reader.readexactly(1)
            if first == b"\x16":  # TLS, at a proxy that speaks none
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split(" ", 2)
            self.asked.append((method, target))
            right = f"proxy-authorization: {AUTHORIZATION}".lower() in head.lower()
            place = self._places.get(target)
            status = self.refuses or (407 if not right else 200 if place and method == "CONNECT" else 502)
            writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode() if status != 200 else OK)
            if status == 200:
                await _piped(reader, writer, place)
        finally:
            writer.close()


OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def _piped(reader, writer, port):
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)

    async def one_way(source, sink):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while part := await source.read(65536):
                sink.write(part)
                await sink.drain()
        sink.close()

    await asyncio.gather(one_way(reader, there_writer), one_way(there_reader, writer))


def tls(certificate="server.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / certificate)
    return context


@contextlib.asynccontextmanager
async def company(running, *, certificate="server.pem", secure_proxy=False):
    """Put the simulators behind TLS and a proxy."""
    made = Company(running)
    async with contextlib.AsyncExitStack() as stack:

        async def behind_tls(url):
            port = int(url.split(":")[2].partition("/")[0])

            async def serve(reader, writer):
                with contextlib.suppress(ConnectionError):
                    await _piped(reader, writer, port)

            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls(certificate))
            stack.callback(server.close)
            return server.sockets[0].getsockname()[1]

        made.slack, made.enos = await behind_tls(running.slack_url), await behind_tls(running.enos_url)
        made._places = {"slack.test:443": made.slack, "enos.test:443": made.enos, "elsewhere.test:443": made.slack}

        async def connect(reader, writer):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await made._connect(reader, writer)

        proxy = await asyncio.start_server(connect, "127.0.0.1", 0, ssl=tls() if secure_proxy else None)
        stack.callback(proxy.close)
        port = proxy.sockets[0].getsockname()[1]
        made.proxy = f"{'https' if secure_proxy else 'http'}://{USER}:{PASSWORD}@127.0.0.1:{port}"
        running.world.workspace.sockets.scheme = "wss"
        yield made


def environment(made, folder, **changes):
    """The bot's settings in this network; one that is None is left out."""
    said = demo.environment(made.running, folder) | {
        "SLACK_API_URL": "https://slack.test/api/",
        "ENOS_API_URL": "https://enos.test",
        "HTTPS_PROXY": made.proxy,
        "SSL_CERT_FILE": CA,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}
