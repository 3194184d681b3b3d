"""A TCP proxy that can cut the connections that go through it."""

import selectors
import socket
import struct
import threading


class CuttingProxy:
    """Forwards to `target`; `cut` resets all connections, and while `refuses` is set new ones are reset at once."""

    def __init__(self, target):
        self.refuses = False
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
