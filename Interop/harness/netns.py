"""Networks of this machine alone: namespaces, the cables between them, and routers that translate addresses.

Nothing outside the namespaces changes, and whatever was made disappears with `close`, processes aside. It takes root.
"""

import contextlib
import ctypes
import itertools
import os
import re
import subprocess

_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)
# setns(2): of all kinds of namespaces the network's.
CLONE_NEWNET = 0x40000000


def run(*command, input=None):
    """Runs a program of the system; what it complains about becomes the error."""
    done = subprocess.run([str(part) for part in command], input=input, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr.strip()}"
    return done.stdout


def remove_left_over():
    """Removes the namespaces of runs that were killed before they could."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        owner = re.match(r"linkup-(\d+)-", name)
        if owner and not os.path.exists(f"/proc/{owner.group(1)}"):
            # Another run may be about to do the same.
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


class Namespace:
    """A network stack of its own; at first with nothing but loopback."""

    def __init__(self, role):
        # Names are global to the machine: those of two runs at the same time must differ.
        self.name = f"linkup-{os.getpid()}-{next(_numbers)}-{role}"
        run("ip", "netns", "add", self.name)
        try:
            self.ip("link", "set", "lo", "up")
            # Addresses are given by hand, so that nothing waits for duplicate address detection.
            self.sysctl("net.ipv6.conf.default.accept_dad", 0)
            self.sysctl("net.ipv6.conf.default.accept_ra", 0)
        except BaseException:
            self.close()
            raise

    @property
    def prefix(self):
        """What stands in front of a command that is to run inside."""
        return ["ip", "netns", "exec", self.name]

    def run(self, *command, input=None):
        return run(*self.prefix, *command, input=input)

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def sysctl(self, name, value):
        self.run("sysctl", "-q", "-w", f"{name}={value}")

    @contextlib.contextmanager
    def entered(self):
        """What sockets this thread makes belong to the namespace, and stay there afterwards."""
        with open("/proc/thread-self/ns/net") as own, open(f"/run/netns/{self.name}") as other:
            _enter(other)
            try:
                yield
            finally:
                _enter(own)

    def rules(self, text):
        """Loads rules of nftables."""
        self.run("nft", "-f", "-", input=text)

    def close(self):
        # Its interfaces go with it, and with them the other ends of their cables.
        run("ip", "netns", "delete", self.name)


def _enter(namespace):
    if _libc.setns(namespace.fileno(), CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def cable(one, one_name, other, other_name):
    """Connects two namespaces by a pair of interfaces, and switches both on."""
    one.ip("link", "add", one_name, "type", "veth", "peer", "name", other_name, "netns", other.name)
    one.ip("link", "set", one_name, "up")
    other.ip("link", "set", other_name, "up")


# Addresses are translated, nobody outside can begin, and what the inside may not send can be changed: it is judged by
# each datagram, also where others of the same connection went through.
RULES = """
table ip translation {
    chain postrouting {
        type nat hook postrouting priority 100
    }
}
table ip firewall {
    chain blocked {
    }
    chain forward {
        type filter hook forward priority 0; policy drop
        iifname "inside" jump blocked
        ct state established,related accept
        iifname "inside" accept
    }
    chain input {
        type filter hook input priority 0; policy drop
        iifname "inside" accept
        ct state established,related accept
    }
}
"""

# A port is kept where possible, so that STUN learns what peers can send to.
KEEP_PORTS = "masquerade"
# A symmetric NAT: for each address outside another port, which nobody can foretell.
RANDOM_PORTS = "masquerade fully-random"


# The networks of homes, the first for the odd ones. Some have public addresses inside: a relay can't refuse those as
# peers, and has no route to them.
INSIDE = ["10.0", "46.0"]


class Host:
    """A machine on the Internet."""

    def __init__(self, internet, stack, number):
        self.namespace = stack.enter_context(contextlib.closing(Namespace(f"host{number}")))
        self.address = internet.connect(self.namespace, f"host{number}", number)

    def lead_nowhere(self):
        """Lets what is sent to an address outside of this Internet vanish, where it is an error otherwise."""
        router = f"{Internet.NETWORK}.254"
        self.namespace.ip("neighbour", "add", router, "lladdr", "02:00:00:00:00:01", "dev", "outside")
        self.namespace.ip("route", "add", "default", "via", router)


class Home:
    """A client behind a router with a symmetric NAT, until told otherwise."""

    def __init__(self, internet, stack, number):
        self.router = stack.enter_context(contextlib.closing(Namespace(f"router{number}")))
        self.client = stack.enter_context(contextlib.closing(Namespace(f"client{number}")))
        self.public_address = internet.connect(self.router, f"home{number}", 10 + number)
        inside = f"{INSIDE[(number - 1) % len(INSIDE)]}.{number}"
        self.address = f"{inside}.2"
        cable(self.router, "inside", self.client, "home")
        self.router.ip("address", "add", f"{inside}.1/24", "dev", "inside")
        self.client.ip("address", "add", f"{self.address}/24", "dev", "home")
        self.client.ip("route", "add", "default", "via", f"{inside}.1")
        self.router.sysctl("net.ipv4.ip_forward", 1)
        self.router.rules(RULES)
        self.translate(RANDOM_PORTS)

    def translate(self, way):
        """Translates addresses in another way, for connections that begin from now on."""
        self.router.rules(
            f"""
            flush chain ip translation postrouting
            add rule ip translation postrouting oifname "outside" {way}
            """
        )

    def block(self, *matches):
        """Drops from now on what leaves the home and matches one of these expressions; none lifts all blocks."""
        lines = [f"add rule ip firewall blocked {match} drop" for match in matches]
        self.router.rules("\n".join(["flush chain ip firewall blocked", *lines]) + "\n")


class Internet:
    """A network with public addresses that has hosts, and homes behind symmetric NATs.

    The addresses are public ones on purpose: a relay refuses private ones and those of documentation as peers.
    """

    NETWORK = "45.0.0"

    def __init__(self, hosts=1, homes=2):
        remove_left_over()
        with contextlib.ExitStack() as stack:
            self._switch = stack.enter_context(contextlib.closing(Namespace("internet")))
            self._switch.ip("link", "add", "switch", "type", "bridge")
            self._switch.ip("link", "set", "switch", "up")
            self.hosts = [Host(self, stack, number) for number in range(1, hosts + 1)]
            self.homes = [Home(self, stack, number) for number in range(1, homes + 1)]
            self._stack = stack.pop_all()

    def connect(self, namespace, name, number):
        """Plugs a router or a host in, and returns the address that it got."""
        address = f"{self.NETWORK}.{number}"
        cable(self._switch, name, namespace, "outside")
        self._switch.ip("link", "set", name, "master", "switch")
        namespace.ip("address", "add", f"{address}/24", "dev", "outside")
        return address

    def close(self):
        self._stack.close()
