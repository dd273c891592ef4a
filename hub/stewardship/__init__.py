"""Stewardship: people judge what the weights leave in doubt, and see first what a judgement does.

What does not belong here: how judgements are obeyed (`hub.identity`), and printing.
"""
