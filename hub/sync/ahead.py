"""Reading ahead: the system is asked for the next batch while the last one is being landed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from hub.connectors.contract import Batch


@contextmanager
def read_ahead(batches: Iterator[Batch]) -> Iterator[Iterator[Batch]]:
    """The same batches, one of them read ahead by a thread of its own.

    An error of the pull is raised in place of the batch that it prevented. When the block ends, the
    thread has ended too: nobody uses the connector any more.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pull") as reader:

        def ahead() -> Iterator[Batch]:
            coming = reader.submit(next, batches, None)
            while (batch := coming.result()) is not None:
                coming = reader.submit(next, batches, None)
                yield batch

        yield ahead()
