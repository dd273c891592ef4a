"""The fewest API calls for a piece of work, from documented page and batch sizes alone.

Counted apart from the hub's own computed minimum, so that the two can be held to each other. How
each term is derived stands in docs/benchmarks.md.
"""

_REST_PAGE, _JOB_PAGE, _COLLECTION = 2_000, 50_000, 200
_LIST_PAGE, _SEARCH_PAGE, _BATCH = 100, 200, 100
_TOKEN, _FIELDS = 1, 1
# A job is made; it is asked about until it is done, and is seen under way at least once.
_JOB_MADE, _JOB_POLLS = 1, 2
# A write job: its rows are sent and it is closed; where no row failed, nothing is to be fetched.
_JOB_SENT, _JOB_CLOSED = 1, 1


def salesforce_pull(rows: int) -> int:
    """By pages, or by one page, which tells how many rows there are, and a job for the rest."""
    paged = max(1, _pages(rows, _REST_PAGE))
    rest = max(0, rows - _REST_PAGE)
    by_job = 1 + _JOB_MADE + _JOB_POLLS + max(1, _pages(rest, _JOB_PAGE))
    return _TOKEN + _FIELDS + min(paged, by_job)


def salesforce_push(changes: int) -> int:
    by_job = _JOB_MADE + _JOB_SENT + _JOB_CLOSED + _JOB_POLLS
    return _TOKEN + _FIELDS + min(_pages(changes, _COLLECTION), by_job)


def hubspot_first_pull(rows: int) -> int:
    return _FIELDS + max(1, _pages(rows, _LIST_PAGE))


def hubspot_increment(rows: int, archived: int = 0) -> int:
    """Searches for what changed, and the list of what was archived, which has no filter."""
    listed = max(1, _pages(archived, _LIST_PAGE))
    return _FIELDS + max(1, _pages(rows, _SEARCH_PAGE)) + listed


def hubspot_push(changes: int) -> int:
    return _FIELDS + _pages(changes, _BATCH)


def _pages(rows: int, size: int) -> int:
    return -(-rows // size)
