"""The vendors' host names, on this machine: for clients that have their addresses built in.

Such a client is pointed here by what every HTTP client knows, a proxy for HTTPS. The front ends
the TLS of the hosts it stands for, with certificates of an authority of its own, and passes the
bytes on to the sandbox. Any other host is refused and remembered: nothing leaves the machine.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_ISSUED = datetime.now(UTC) - timedelta(days=1)
_EXPIRES = _ISSUED + timedelta(days=30)


class TlsFront:
    """A proxy on loopback that stands for some hosts. A context manager.

    `hosts` names the port on loopback that answers for each; `folder` takes the certificates.
    `authority` is the file that a client has to trust, `refused` the hosts asked for in vain.
    """

    def __init__(self, hosts: Mapping[str, int], folder: Path) -> None:
        self.authority = folder / "authority.pem"
        self.refused: list[str] = []
        self._hosts = dict(hosts)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(_certificates(list(hosts), folder, self.authority))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing alone would leave the thread waiting for a last caller.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        host = _host_asked_for(caller)
        if host not in self._hosts:
            self.refused.append(host)
            caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            caller.close()
            return
        caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        server = socket.create_connection(("127.0.0.1", self._hosts[host]))
        try:
            wrapped = self._tls.wrap_socket(caller, server_side=True)
        except (ssl.SSLError, ConnectionError):
            # A client that does not trust the authority hangs up here and tells why itself.
            server.close()
            return
        threading.Thread(target=_pass_on, args=(server, wrapped), daemon=True).start()
        _pass_on(wrapped, server)


def _host_asked_for(caller: socket.socket) -> str:
    """Read the head of `CONNECT host:port HTTP/1.1`."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = caller.recv(4096)
        if not more:
            break
        head += more
    target = head.split(b" ", 2)[1] if head.startswith(b"CONNECT ") else b"not CONNECT:"
    return target.rpartition(b":")[0].decode()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _certificates(hosts: list[str], folder: Path, authority: Path) -> Path:
    """Write the authority's certificate; return a file with key and certificate for the hosts."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name("A certificate authority for tests")
    root = (
        _builder(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name(hosts[0]), root_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False
        )
        .sign(root_key, hashes.SHA256())
    )
    authority.write_bytes(root.public_bytes(Encoding.PEM))
    chain = folder / "hosts.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(secret + leaf.public_bytes(Encoding.PEM))
    return chain


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_ISSUED)
        .not_valid_after(_EXPIRES)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
