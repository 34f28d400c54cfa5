"""Encrypted connections: which files secure them, what is verified, and why there is none."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refvec import Option, Url

CA, CERT, KEY = "REFVEC_REDIS_TLS_CA", "REFVEC_REDIS_TLS_CERT", "REFVEC_REDIS_TLS_KEY"
_FILES = {"tls_ca": CA, "tls_cert": CERT, "tls_key": KEY}

TLS_OPTIONS = (
    Option("tls_ca", str, None, help=f"The file with the CA of the servers. Default: {CA}, or the system's."),
    Option("tls_cert", str, None, help=f"The file with our own certificate. Default: {CERT}, or none."),
    Option("tls_key", str, None, help=f"The file with its key. Default: {KEY}."),
    Option(
        "tls_verify",
        ("full", "chain", "none"),
        "full",
        help="What a server's certificate must be: of the CA and for its host; of the CA; anything.",
    ),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """How connections are secured."""

    ca: str | None
    cert: str | None
    key: str | None
    verify: str

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of redis-py's connections."""
        return {
            "ssl_ca_certs": self.ca,
            "ssl_certfile": self.cert,
            "ssl_keyfile": self.key,
            "ssl_cert_reqs": "none" if self.verify == "none" else "required",
            "ssl_check_hostname": self.verify == "full",
        }


def tls_of(url: Url, environ: Mapping[str, str], options: Mapping[str, Any]) -> Tls | None:
    """Return what an address with its options asks for, None without encryption.

    Raises
    ------
    ValueError
        For an option that an address without encryption cannot have.
    FileNotFoundError
        If a file is missing.
    """
    if url.scheme != "rediss":
        for name in (*_FILES, "tls_verify"):
            if options[name] not in (None, "full"):
                raise ValueError(f"{name} is for rediss:// addresses; {url} is not encrypted")
        return None
    ca, cert, key = (_file(name, options[name] or environ.get(_FILES[name])) for name in _FILES)
    return Tls(ca, cert, key, options["tls_verify"])


def _file(name: str, path: str | None) -> str | None:
    if path and not os.path.isfile(path):  # noqa: PTH113 - text of an address
        raise FileNotFoundError(errno.ENOENT, f"There is no file for {name}", path)
    return path or None


def distrust(error: ssl.SSLError) -> str:
    """Return why there is no secure connection, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}); tls_ca=FILE names the CA of the "
            "servers, tls_verify=chain does not look for the name of the host"
        )
    return (
        f"makes no secure connection ({error.reason}): rediss:// is for a port with TLS; tls_cert and "
        "tls_key are for servers that ask for a certificate"
    )
