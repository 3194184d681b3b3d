"""Debian's nginx, HAProxy and Caddy with the configurations of docs/proxies, each a process without rights."""

import contextlib
import os
import random
import re
import shutil
import socket
import ssl
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .certificates import Authority
from .gate import Doorway, Gate
from .process import ROOT, ServerProcess
from .waiting import wait_until

# The sections of each page that have configurations, and the name of the site there.
SECTIONS = {
    "name": ("A name of its own", "talk.example.org", ""),
    "path": ("Below a path", "example.org", "/talk"),
    "passed": ("TLS passed through", "talk.example.org", ""),
}
NAMES = ("talk.example.org", "example.org")
# What all that is left to the programs themselves looks like: the page of another site on the same machine.
OTHER_PAGE = "<!doctype html><title>Another site</title>\n"
# How many sessions one network may have with the linkup behind a proxy.
NETWORK_CLIENTS = 12


def configurations(program, section):
    """The configurations of a section of a program's page: their texts by the path in their first line."""
    text = (ROOT / "docs" / "proxies" / f"{program}.md").read_text()
    part = re.search(rf"^## {re.escape(SECTIONS[section][0])}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", part[1], re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(dict(blocks)), "one configuration for each path"
    return dict(blocks)


def sections(program):
    """The sections of a program's page that have a configuration."""
    return [section for section in SECTIONS if configurations(program, section)]


def free_ports(count):
    """Ports that nobody has: the programs can't have the system choose.

    They are below those that the system gives out, or it would give one away before the program has it.
    """
    ports = set()
    while len(ports) < count:
        port = random.randrange(10_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True):
            ports.add(port)
    return list(ports)


class ProxyProcess(ServerProcess):
    """A proxy, which is there when the port that `ready` says takes connections."""

    def __init__(self, *arguments, ready, **options):
        self._ready_port = ready
        super().__init__(*arguments, ready="", **options)

    def _announced(self):
        assert self.process.poll() is None, f"{self.program} ended with {self.process.returncode}:\n{self.log}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._ready_port), 1):
            return self._ready_port

    def finish(self):
        """Ends the process at once: Caddy would wait for each poll that hangs."""
        assert self.is_running, f"{self.program} ended by itself with {self.process.returncode}:\n{self.log[-4000:]}"
        self.kill()


@dataclass
class Site:
    """A proxy that runs with a configuration of the documentation, and the linkup behind it."""

    program: str
    section: str
    # By the numbers that they have in the documentation.
    ports: dict
    gate: Gate = field(repr=False)
    # The certificate that browsers have to know.
    authority: Path = field(repr=False)
    linkup: ServerProcess = field(repr=False)
    # Starts another linkup on the same port and data.
    start_linkup: object = field(repr=False)
    doorway: Doorway = field(repr=False)

    @property
    def base(self):
        """The path below which LinkUp is, without a slash at its end."""
        return SECTIONS[self.section][2]

    @property
    def plain_address(self):
        return ("127.0.0.1", self.ports[80])

    @property
    def url(self):
        """The address for clients that look up the name themselves, and have threads."""
        return f"http://{self.gate.name}:{self.doorway.port}"


class OtherSite:
    """Another site on the machine, to which a configuration passes what is not for LinkUp.

    With a `certificate` it speaks TLS, and each connection has to begin with the PROXY protocol, version 2.
    """

    def __init__(self, certificate=None):
        self._context = certificate and ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        if certificate:
            self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                with contextlib.suppress(OSError, AssertionError), self._open(self._listener.accept()[0]) as connection:
                    connection.recv(65536)
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(OTHER_PAGE)}\r\nConnection: close\r\n\r\n"
                    connection.sendall((head + OTHER_PAGE).encode())
                if self._listener.fileno() < 0:
                    return

    def _open(self, connection):
        connection.settimeout(5)
        if self._context is None:
            return connection
        head = connection.recv(16, socket.MSG_WAITALL)
        # IPv4, or IPv6 with an IPv4 address in it.
        assert head.startswith((b"\r\n\r\n\0\r\nQUIT\n\x21\x11", b"\r\n\r\n\0\r\nQUIT\n\x21\x21")), head
        connection.recv(int.from_bytes(head[14:16], "big"), socket.MSG_WAITALL)
        return self._context.wrap_socket(connection, server_side=True)

    def close(self):
        # Closing alone does not wake the thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Folder:
    """A folder that the proxy may read and write, whoever runs the test: what root starts becomes nobody."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="linkup-proxy-"))

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def hand_over(self):
        """Gives all that is in it to the user of the proxy, and returns the command that becomes this user."""
        command = ["env", f"HOME={self.path}"]
        if os.geteuid() != 0:
            return command
        for path in (self.path, *self.path.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
        return [*command, "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--bounding-set=-all"]

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def placed(text, ports, files):
    """A configuration with other ports and files; nothing else of it is touched."""
    for name, path in files.items():
        text = text.replace(name, str(path))
    return re.sub(r"(?<=[ :])\d+(?=[ ;\n])", lambda number: str(ports.get(int(number[0]), number[0])), text)


def start_site(stack, start, program, section, folder):
    """Starts linkup and a proxy as a section of the documentation has them; the `stack` removes what is left.

    What is replaced in the configurations: 80 and 443, the ports of the proxy; 3000, that of linkup; 8080 and 8443, those
    of another site; the files of certificates, and the folder of the other site.
    """
    _, name, base = SECTIONS[section]
    authority = Authority(folder / "authority")
    certificate, key = authority.issue(*NAMES)
    own = Folder()
    stack.callback(own.remove)
    chain, private = own.write("fullchain.pem", certificate.read_text()), own.write("privkey.pem", key.read_text())
    both = own.write("both.pem", certificate.read_text() + key.read_text())
    files = {
        "/etc/linkup/fullchain.pem": certificate,
        "/etc/linkup/privkey.pem": key,
        "/var/www/html": own.write("html/index.html", OTHER_PAGE).parent,
    }
    for each in NAMES:
        files[f"/etc/letsencrypt/live/{each}/fullchain.pem"] = chain
        files[f"/etc/letsencrypt/live/{each}/privkey.pem"] = private
        files[f"/etc/haproxy/certs/{each}.pem"] = both
    # The other site is nginx's or Caddy's own, but HAProxy has none.
    other = OtherSite((certificate, key) if section == "passed" else None)
    stack.callback(other.close)
    plain, secure, own_site = free_ports(3)
    ports = {80: plain, 443: secure, 8080: other.port, 8443: other.port if program == "haproxy" else own_site}

    texts = configurations(program, section)
    options = folder / "linkup.yaml"
    options.write_text(placed(texts.pop("/etc/linkup/linkup.yaml"), ports, files))

    def start_linkup(port=0):
        arguments = ["--config", options, "--port", port, "--turn-port", 0, "--data-directory", folder / "data"]
        arguments += ["--max-network-clients", NETWORK_CLIENTS]
        return start("linkup", arguments, ready=r"Open https?://[^ /]+:(\d+)")

    linkup = start_linkup()
    ports[3000] = linkup.port
    texts = {path: placed(text, ports, files) for path, text in texts.items()}
    command, arguments = WRITERS[program](own, texts, ports)
    prefix = own.hand_over()
    start(command, arguments, ready=secure, prefix=prefix, kind=ProxyProcess)
    known = authority.certificate
    if program == "caddy":
        known = own.path / "storage" / "pki" / "authorities" / "local" / "root.crt"
        wait_until(known.exists, what="Caddy's own authority")
    gate = Gate(("127.0.0.1", secure), name, ssl.create_default_context(cafile=known))
    wait_until(lambda: takes_tls(gate), what="the proxy's certificate")
    doorway = Doorway(gate)
    stack.callback(doorway.close)
    return Site(program, section, ports, gate, known, linkup, lambda: start_linkup(linkup.port), doorway)


def takes_tls(gate):
    """Whether a certificate is there."""
    with contextlib.suppress(OSError), gate.connect():
        return True


# What is written around the configurations: what stands in Debian's own files, as far as it matters, and what makes a
# process of the test out of a service. Each returns the program and its arguments.


def write_nginx(folder, texts, ports):
    files = {path: folder.write(path.lstrip("/"), text) for path, text in texts.items()}
    inside = "".join(f"include {file};\n" for path, file in files.items() if "/conf.d/" in path)
    outside = "".join(f"include {file};\n" for path, file in files.items() if "/conf.d/" not in path)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder.path}/{kind};\n" for kind in kinds)
    configuration = folder.write(
        "nginx.conf",
        f"daemon off;\npid {folder.path}/pid;\nerror_log stderr notice;\n"
        "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\nevents { worker_connections 768; }\n"
        f"http {{\n{temporary}access_log off;\ngzip on;\ninclude /etc/nginx/mime.types;\n{inside}}}\n{outside}",
    )
    return "/usr/sbin/nginx", ["-e", "stderr", "-p", folder.path, "-c", configuration]


def write_haproxy(folder, texts, ports):
    ((_, text),) = texts.items()
    configuration = folder.write(
        "haproxy.cfg",
        "global\n    log stdout format raw local0 notice\n"
        "defaults\n    log global\n    mode http\n    option httplog\n    option dontlognull\n"
        f"    timeout connect 5000\n    timeout client 50000\n    timeout server 50000\n{text}",
    )
    return "/usr/sbin/haproxy", ["-db", "-f", configuration]


def write_caddy(folder, texts, ports):
    ((_, text),) = texts.items()
    # Certificates from an authority of its own, as the public one can't be asked.
    options = f"admin off\nlocal_certs\nskip_install_trust\nhttp_port {ports[80]}\nhttps_port {ports[443]}\n"
    configuration = folder.write("Caddyfile", f"{{\n{options}storage file_system {folder.path}/storage\n}}\n{text}")
    return "/usr/bin/caddy", ["run", "--adapter", "caddyfile", "--config", configuration]


WRITERS = {"nginx": write_nginx, "haproxy": write_haproxy, "caddy": write_caddy}
