"""Real output in the documents, put there by a script."""
