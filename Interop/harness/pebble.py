"""Pebble, the certificate authority that Let's Encrypt has for testing, in a network of its own."""

import json
import os
import socket
import ssl
import subprocess
import urllib.request

from .certificates import Authority
from .waiting import wait_until

DIRECTORY = "https://localhost:14000/dir"
MANAGEMENT, NAMES = 15_000, 8055


class Names:
    """The DNS that Pebble asks, which answers what a test wants."""

    def __init__(self, namespace, folder):
        self._namespace = namespace
        self._log = open(folder / "names.log", "ab")
        # What it could serve for challenges itself stays off.
        others = [option for name in ("http01", "https01", "tlsalpn01") for option in (f"-{name}", "")]
        self.process = subprocess.Popen(
            [*namespace.prefix, "pebble-challtestsrv", "-dns01", "127.0.0.1:8053", "-management", f"127.0.0.1:{NAMES}",
             "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", *others],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )
        wait_until(lambda: is_open(namespace, NAMES), what="the DNS to answer")

    def lead_to(self, address):
        """Has all names lead to an address; nowhere, if it is empty."""
        self._post("set-default-ipv4", {"ip": address})

    def _post(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{NAMES}/{path}", json.dumps(body).encode())
        with self._namespace.entered(), urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200

    def close(self):
        self.process.kill()
        self.process.wait()
        self._log.close()


class Pebble:
    """The authority: `start` and `stop` it, with an account book and roots that are new each time."""

    def __init__(self, namespace, folder):
        self.namespace, self.folder = namespace, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder / "authority")
        self.names = Names(namespace, folder)
        self.process = None
        self._log = open(folder / "pebble.log", "ab")

    @property
    def root(self):
        """What its own server is trusted by."""
        return self.authority.certificate

    @property
    def log(self):
        return (self.folder / "pebble.log").read_text(errors="replace")

    def start(self, *, http_port=80, tls_port=443, life=None, blocked=(), days=2, **variables):
        """Starts it; `life` is that of certificates in seconds, `days` that of its own."""
        certificate, key = self.authority.issue("localhost", "127.0.0.1", file="pebble", days=days)
        settings = {
            "listenAddress": "127.0.0.1:14000", "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
            "certificate": str(certificate), "privateKey": str(key), "httpPort": http_port, "tlsPort": tls_port,
            "ocspResponderURL": "", "externalAccountBindingRequired": False, "domainBlocklist": list(blocked),
        }
        if life is not None:
            settings["certificateValidityPeriod"] = life
        path = self.folder / "pebble.json"
        path.write_text(json.dumps({"pebble": settings}))
        environment = {"PEBBLE_VA_NOSLEEP": "1", **{name: str(value) for name, value in variables.items()}}
        self.process = subprocess.Popen(
            [*self.namespace.prefix, "pebble", "-config", path, "-dnsserver", "127.0.0.1:8053", "-strict"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=os.environ | environment,
        )
        wait_until(lambda: is_open(self.namespace, 14_000), what="Pebble to answer")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def roots(self):
        """The root of the certificates that it gives out, in PEM."""
        context = ssl.create_default_context(cafile=self.root)
        with self.namespace.entered():
            with urllib.request.urlopen(f"https://localhost:{MANAGEMENT}/roots/0", timeout=5, context=context) as answer:
                return answer.read().decode()

    def close(self):
        self.stop()
        self.names.close()
        self._log.close()


def is_open(namespace, port):
    """Whether something listens on a port of loopback."""
    try:
        with namespace.entered(), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
