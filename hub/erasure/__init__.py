"""Erasure: a person is taken out of everything the hub keeps, and kept out."""
