"""The batch lane: requests go out in files, at half the price, and come back within a day."""
