"""Networks of this machine alone: namespaces, the cables between them, and routers that translate addresses.

Nothing outside the namespaces changes, and whatever was made disappears with `close`, processes aside.
"""

import contextlib
import itertools
import os
import subprocess

_numbers = itertools.count(1)


def run(*command, input=None):
    """Runs a program of the system; what it complains about becomes the error."""
    done = subprocess.run([str(part) for part in command], input=input, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr.strip()}"
    return done.stdout


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

    def rules(self, text):
        """Loads rules of nftables."""
        self.run("nft", "-f", "-", input=text)

    def close(self):
        # Its interfaces go with it, and with them the other ends of their cables.
        run("ip", "netns", "delete", self.name)


def cable(one, one_name, other, other_name):
    """Connects two namespaces by a pair of interfaces, and switches both on."""
    one.ip("link", "add", one_name, "type", "veth", "peer", "name", other_name, "netns", other.name)
    one.ip("link", "set", one_name, "up")
    other.ip("link", "set", other_name, "up")


# A symmetric NAT: each pair of inner and outer address gets a random port, nobody outside can begin.
SYMMETRIC = """
table ip translation {
    chain postrouting {
        type nat hook postrouting priority 100
        oifname "outside" masquerade fully-random
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


class Home:
    """A client behind a router with a symmetric NAT."""

    def __init__(self, internet, stack, number):
        self.router = stack.enter_context(contextlib.closing(Namespace(f"router{number}")))
        self.client = stack.enter_context(contextlib.closing(Namespace(f"client{number}")))
        self.public_address = internet.connect(self.router, f"home{number}", number)
        self.address = f"10.0.{number}.2"
        cable(self.router, "inside", self.client, "home")
        self.router.ip("address", "add", f"10.0.{number}.1/24", "dev", "inside")
        self.client.ip("address", "add", f"{self.address}/24", "dev", "home")
        self.client.ip("route", "add", "default", "via", f"10.0.{number}.1")
        self.router.sysctl("net.ipv4.ip_forward", 1)
        self.router.rules(SYMMETRIC)

    def block(self, *matches):
        """Drops from now on what leaves the home and matches one of these expressions; none lifts all blocks."""
        lines = [f"add rule ip firewall blocked {match} drop" for match in matches]
        # What was under way must be judged by the new rules as well: it leaves by the same chain.
        self.router.rules("\n".join(["flush chain ip firewall blocked", *lines]) + "\n")


class Internet:
    """A network with public addresses that has a server, and homes behind symmetric NATs.

    The addresses are public ones on purpose: a relay refuses private ones and those of documentation as peers.
    """

    NETWORK = "45.0.0"

    def __init__(self, homes=2):
        with contextlib.ExitStack() as stack:
            self.server = stack.enter_context(contextlib.closing(Namespace("server")))
            self.server.ip("link", "add", "internet", "type", "bridge")
            self.server.ip("link", "set", "internet", "up")
            self.address = f"{self.NETWORK}.1"
            self.server.ip("address", "add", f"{self.address}/24", "dev", "internet")
            self.homes = [Home(self, stack, number) for number in range(1, homes + 1)]
            self._stack = stack.pop_all()

    def connect(self, router, name, number):
        """Plugs a router in, and returns the address that it got."""
        address = f"{self.NETWORK}.{10 + number}"
        cable(self.server, name, router, "outside")
        self.server.ip("link", "set", name, "master", "internet")
        router.ip("address", "add", f"{address}/24", "dev", "outside")
        return address

    def close(self):
        self._stack.close()
