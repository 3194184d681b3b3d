"""A TLS port under the name of a site, whatever its address and port really are."""

import asyncio
import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Gate:
    """Where clients take an address, this makes them use TLS, say `name`, and come from `source`."""

    address: tuple
    name: str
    context: ssl.SSLContext = field(repr=False)
    source: str | None = None

    def connect(self, timeout=10):
        """Connects, and agrees upon TLS, which has to be the site's."""
        connection = socket.create_connection(self.address, timeout, self.source and (self.source, 0))
        try:
            return self.context.wrap_socket(connection, server_hostname=self.name)
        except BaseException:
            connection.close()
            raise

    def coming_from(self, source):
        """The same port for a client at another address."""
        return replace(self, source=source)

    @property
    def origin(self):
        """What browsers call the origin of the site's pages."""
        return f"https://{self.name}"


class Doorway:
    """A port without TLS that leads through a gate.

    For clients that read and write in several threads: no connection of OpenSSL may be used by two at a time.
    """

    def __init__(self, gate):
        self._gate = gate
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _pass_on(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(
                *self._gate.address, ssl=self._gate.context, server_hostname=self._gate.name
            )
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _end(self):
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
