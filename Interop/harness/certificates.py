"""A certificate authority of a test's own, made by OpenSSL, and the certificates that it gives out."""

import ssl
import subprocess


class Authority:
    """An authority that nobody knows but whom the test tells."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = folder / "authority.pem", folder / "authority.key"
        self._openssl(
            *("req", "-x509", "-new", "-nodes", "-days", "2", "-subj", "/CN=Authority of a LinkUp test"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", self.key, "-out", self.certificate),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        )

    def issue(self, *names, file="server", days=2):
        """Makes a certificate for names and addresses; returns the paths of certificate and key.

        One for `days` below zero has ended.
        """
        certificate, key, request = (self.folder / f"{file}.{end}" for end in ("pem", "key", "request"))
        alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
        extensions = self.folder / f"{file}.extensions"
        extensions.write_text(
            f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
        )
        self._openssl(
            *("req", "-new", "-nodes", "-subj", f"/CN={names[0]}", "-keyout", key, "-out", request),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        )
        self._openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", days),
            *("-CAcreateserial", "-extfile", extensions, "-out", certificate),
        )
        return certificate, key

    def context(self):
        """What a client needs to trust this authority and no other."""
        return ssl.create_default_context(cafile=self.certificate)

    def make_known(self, home):
        """Makes Chromium trust the authority when its home folder is this one."""
        make_known(self.certificate, home)

    def _openssl(self, *arguments):
        _run("openssl", *arguments)


def make_known(certificate, home):
    """Makes Chromium trust a root, by the file of its certificate, when its home folder is this one."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for options in (["-N", "--empty-password"], ["-A", "-n", "test", "-t", "C,,", "-i", certificate]):
        _run("certutil", "-d", f"sql:{database}", *options)


def _is_address(name):
    return ":" in name or name.replace(".", "").isdigit()


def _run(*command):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr.strip()}"
