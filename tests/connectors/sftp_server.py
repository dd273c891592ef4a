"""An SFTP server of one folder, for whoever knows the password, in a thread of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import asyncssh

USER, PASSWORD = "acme", "s3cret-Word"


class _Desk(asyncssh.SSHServer):
    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@dataclass(frozen=True)
class Sftp:
    """Where the server listens, and its line for a file of known hosts."""

    port: int
    known_host: str

    def url(self, path: str) -> str:
        return f"sftp://127.0.0.1:{self.port}/{path}"


@contextmanager
def sftp_server(folder: Path, port: int = 0) -> Iterator[Sftp]:
    """Serve a folder as the root of all users until the block ends; port 0 is any that is free."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    connections: list[asyncssh.SSHServerConnection] = []

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[key],
            server_factory=lambda: _Desk(connections),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(folder)),
        )

    async def close() -> None:
        acceptor.close()
        await acceptor.wait_closed()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    public = key.export_public_key().decode().strip()
    try:
        yield Sftp(acceptor.get_port(), f"[127.0.0.1]:{acceptor.get_port()} {public}\n")
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
