"""The steps that touch outside systems (land, plan, apply), and the ledger of all runs."""
