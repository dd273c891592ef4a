"""What Dagster is told when a step goes wrong: what, the remedy, and whether to try again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from hub.errors import HubError, RetryLater

RETRIES = 3
_WAIT_SECONDS = 30.0
# The warehouse stays locked meanwhile: what takes longer is left to the next scheduled run.
_LONGEST_WAIT = 300.0


@contextmanager
def named_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """An error of ours fails the step with its remedy, or asks for it to be tried again."""
    try:
        yield
    except RetryLater as err:
        wait = _WAIT_SECONDS if err.seconds is None else err.seconds
        if context.retry_number >= RETRIES or wait > _LONGEST_WAIT:
            raise _failure(err) from err
        context.log.warning("%s Trying again in %.0f s.", err, wait)
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait) from err
    except HubError as err:
        raise _failure(err) from err


def _failure(err: HubError) -> dg.Failure:
    return dg.Failure(
        description=err.message,
        metadata={
            "remedy": dg.MetadataValue.text(err.remedy or "none is known; see the message"),
            "kind": dg.MetadataValue.text(type(err).__name__),
        },
        allow_retries=False,
    )
