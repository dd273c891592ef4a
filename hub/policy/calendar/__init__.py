"""Which reports are due of which distributor, and what became of each."""
