"""Other people's matchers on the rows that the hub standardised, each in a process of its own.

The scripts run in `.venv-bench` (`requirements-bench.txt`) and import nothing of the hub: a table
with `row`, `truth` and the standardised columns in, a table with `row` and one column of cluster
numbers per setting out. Labels are for those that cannot learn without.
"""
