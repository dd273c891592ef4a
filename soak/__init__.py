"""The long test: hundreds of syncs against CRMs that change and fail meanwhile, then the truth.

Everything but the hub runs in a process of its own (`serve`); what the hub made of it is compared
with the CRMs' own stores, which are read past their APIs.
"""
