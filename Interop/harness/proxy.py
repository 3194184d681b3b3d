"""A TCP proxy that can cut the connections that go through it."""

import re
import selectors
import socket
import struct
import threading


REQUEST = re.compile(rb"(?:GET|HEAD|POST) (\S+) HTTP/1\.1\r\n")
RESPONSE = re.compile(rb"HTTP/1\.1 (\d\d\d) ")


class CuttingProxy:
    """Forwards to `target`; `cut` resets all connections, and while `refuses` is set new ones are reset at once.

    `requests` are the paths that browsers asked for, and `statuses` those of the answers. Browsers send no request
    before the answer to the one before, so that each begins what is read.
    """

    def __init__(self, target):
        self.refuses = False
        self.requests, self.statuses = [], []
        self._target = target
        self._lock = threading.Lock()
        self._pairs = {}
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._is_open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self):
        """Resets every connection on both sides."""
        with self._lock:
            while self._pairs:
                self._reset(next(iter(self._pairs)))

    def close(self):
        self._is_open = False
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self):
        while self._is_open:
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj in self._pairs:
                        self._forward(key.fileobj)

    def _accept(self):
        client, _ = self._listener.accept()
        if self.refuses:
            self._linger_not(client)
            client.close()
            return
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        for connection, other in ((client, server), (server, client)):
            self._pairs[connection] = other
            self._selector.register(connection, selectors.EVENT_READ)

    def _forward(self, connection):
        try:
            data = connection.recv(65536)
            if data:
                if request := REQUEST.match(data):
                    self.requests.append(request[1].decode())
                elif response := RESPONSE.match(data):
                    self.statuses.append(int(response[1]))
                self._pairs[connection].sendall(data)
                return
        except OSError:
            pass
        self._reset(connection)

    def _reset(self, connection):
        for one in (connection, self._pairs.pop(connection, None)):
            if one is None:
                continue
            self._pairs.pop(one, None)
            self._selector.unregister(one)
            self._linger_not(one)
            one.close()

    @staticmethod
    def _linger_not(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
