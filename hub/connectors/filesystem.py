"""Paths and fsspec URLs that `hub.yaml` names: each opened with a connection of its own, and what
goes wrong there told in the hub's words.

fsspec would hand out the same connection, and the same listing, for as long as the process lives:
in a daemon that is one that broke hours ago, or knows nothing of the files that came since.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from pydantic import SecretStr

from hub.errors import CredentialsRefused, HubError, StopSync, SystemUnreachable

Options = dict[str, SecretStr | bool | int]
"""What a file system is opened with besides its URL, by the names of its fsspec package."""

_T = TypeVar("_T")
_PACKAGES = {"sftp": "sshfs", "ssh": "sshfs", "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs",
             "abfs": "adlfs", "az": "adlfs", "smb": "smbprotocol"}  # fmt: skip


def without_password(path: str) -> str:
    """A path or URL as it is. Raises ValueError for one with a password: URLs are told in messages
    and kept in tables."""
    if "://" in path and urlsplit(path).password is not None:
        raise ValueError("holds a password, which messages would show: put it into `options`")
    return path


def opened(url: str, options: Options) -> tuple[Any, str]:
    """The file system of a path or URL, and the path within it. Raises what its package raises."""
    told = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in options.items()
    }
    filesystem, path = url_to_fs(url, skip_instance_cache=True, **told)
    return filesystem, path


def reach(system: str, url: str, action: Callable[[], _T], *, remedy: str) -> _T:
    """What `action` returns, which reads or writes at `url`.

    Raises StopSync for a scheme without a package, CredentialsRefused where the server does not
    take the user, SystemUnreachable (with `remedy`) for whatever else goes wrong.
    """
    scheme, remote, _ = url.partition("://")
    try:
        return action()
    except HubError:
        raise
    except ImportError as err:
        package = _PACKAGES.get(scheme, f"the fsspec package for {scheme}://")
        raise StopSync(
            f"{system}: {url}: files at {scheme}:// need a package that is not installed ({err}).",
            remedy=f"install {package} into the hub's environment",
        ) from err
    except Exception as err:
        if remote and isinstance(err, PermissionError):
            raise CredentialsRefused(
                f"{system}: {url}: the server refused us ({err}).",
                remedy="correct the user and its secrets in `options`, or have the owner let this "
                "user in",
            ) from err
        # Each remote file system has errors of its own, which are no OSError.
        if not remote and not isinstance(err, OSError):
            raise
        raise SystemUnreachable(
            f"{system}: {url} cannot be reached ({type(err).__name__}: {err}).", remedy=remedy
        ) from err
