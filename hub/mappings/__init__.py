"""Mappings: how an outside object speaks to the hub. The stock ones are the `*.yaml` beside."""
