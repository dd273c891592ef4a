"""Sell-in against sell-out: whether a distributor's stock is what its own reports make it.

All of it is pure functions over frames; `store` alone knows the warehouse. A key is distributor,
SKU and period (`YYYY-MM`); quantities are pieces.
"""

KEY = ("distributor", "sku", "period")
