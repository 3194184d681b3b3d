"""A server that is far away: a TCP proxy that holds back what goes through it for as long as light would need."""

import asyncio
import contextlib
import threading


class Distance:
    """Forwards to `port` of this machine, a round trip of so many seconds away, until it is left as a context.

    Connecting takes a round trip too: what comes first on a connection waits until its handshake would be over. Each
    way each piece of data is on its way for half a round trip, whatever its size: the line is fast, and far.
    """

    def __init__(self, port, round_trip):
        self._target, self._round_trip = port, round_trip
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self._server.close()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def part(self):
        """Ends all connections, as browsers and servers do after a while without requests."""
        self._run(self._close())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _close(self):
        for writer in self._writers:
            writer.close()

    async def _end(self):
        await self._close()
        # What is on its way still arrives.
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=5)

    async def _accept(self, reader, writer):
        ready = self._loop.time() + self._round_trip
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            both = (self._forward(reader, far_writer, ready), self._forward(far_reader, writer, ready))
            self._writers |= {writer, far_writer}
            await asyncio.gather(*both)
            self._writers -= {writer, far_writer}

    async def _forward(self, reader, writer, ready):
        """Reads as fast as things come, so that one piece on its way holds up no other."""
        on_their_way = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await on_their_way.get()
                await asyncio.sleep(due - self._loop.time())
                if not data:
                    return writer.close()
                writer.write(data)

        arriving = asyncio.create_task(deliver())
        data = b"more"
        while data:
            try:
                data = await reader.read(1 << 16)
            except OSError:
                data = b""
            on_their_way.put_nowait((max(self._loop.time(), ready) + self._round_trip / 2, data))
        await arriving
