"""What Dagster is told when a step goes wrong: what, the remedy, and whether to try again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from hub.errors import HubError, QuotaSpent, RetryLater
from hub.sync.ledger import PAUSED

RETRIES = 3
STATUS_TAG = "hub/status"
_WAIT_SECONDS = 30.0
# The warehouse stays locked meanwhile: what takes longer is left to the next scheduled run.
_LONGEST_WAIT = 300.0


@contextmanager
def named_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """An error of ours fails the step with its remedy, or asks for it to be tried again.

    A spent allowance of calls is renewed in hours, not minutes: the step fails as paused, and the
    Dagster run is tagged so.
    """
    try:
        yield
    except QuotaSpent as err:
        context.instance.add_run_tags(context.run.run_id, {STATUS_TAG: PAUSED})
        raise _failure(err, name=PAUSED) from err
    except RetryLater as err:
        wait = _WAIT_SECONDS if err.seconds is None else err.seconds
        if context.retry_number >= RETRIES or wait > _LONGEST_WAIT:
            raise _failure(err) from err
        context.log.warning("%s Trying again in %.0f s.", err, wait)
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait) from err
    except HubError as err:
        raise _failure(err) from err


def _failure(err: HubError, *, name: str = "") -> dg.Failure:
    return dg.Failure(
        description=f"{name}: {err.message}" if name else err.message,
        metadata={
            "remedy": dg.MetadataValue.text(err.remedy or "none is known; see the message"),
            "kind": dg.MetadataValue.text(type(err).__name__),
        },
        allow_retries=False,
    )
