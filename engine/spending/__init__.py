"""What may be spent: the budget, the money it is counted in, and what may have been billed."""
