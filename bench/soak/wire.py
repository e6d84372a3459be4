"""A way to the database that can be cut."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote_plus, urlsplit

_SOCKET = ".s.PGSQL.5432"


class Wire:
    """A Unix socket between one replica and the database, which can be cut without a word to either end."""

    def __init__(self, folder: Path, url: str) -> None:
        there = parse_qs(urlsplit(url).query)["host"][0]
        self._folder, self._target = folder, f"{there}/{_SOCKET}"
        self.url = url.replace(quote_plus(there), quote_plus(str(folder)))
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._folder.mkdir()
        self._server = await asyncio.start_unix_server(self._connected, str(self._folder / _SOCKET))
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for end in self._ends:
            end.transport.abort()

    def cut(self) -> None:
        """Pass nothing on any more, and close nothing."""
        self._whole.clear()

    def mend(self, *, broken: bool = False) -> None:
        """Pass on what was held back, or close what was ``broken``."""
        if broken:
            for end in self._ends:
                end.transport.abort()
        self._whole.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        await self._whole.wait()
        try:
            there, back = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        self._ends.add(back)
        for source, sink in ((reader, back), (there, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                await self._whole.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort() if not self._whole.is_set() else sink.close()
        self._ends.discard(sink)
