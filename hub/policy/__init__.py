"""Govern: the vendor's channel rules over golden rows. Every decision keeps its reasons."""
