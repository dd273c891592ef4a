"""Reading ahead: the system is asked for what comes next while the last answer is being used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")


@contextmanager
def read_ahead(items: Iterator[_Item]) -> Iterator[Iterator[_Item]]:
    """The same items, none of them None, one of them read ahead by a thread of its own.

    An error is raised in place of the item that it prevented. When the block ends, the thread has
    ended too: nobody reads any more.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as reader:

        def ahead() -> Iterator[_Item]:
            coming = reader.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = reader.submit(next, items, None)
                yield item

        yield ahead()
