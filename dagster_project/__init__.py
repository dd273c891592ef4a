"""The Dagster project: puts assets, checks, the job, its schedule and its sensors together."""
