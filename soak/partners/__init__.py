"""Many partners with CRMs of their own: each gets its leads and not a word of anybody else's, by
the request logs of the servers. `python -m soak.partners` prints the figures."""
