"""The live lane: requests go out now, at the rate that the account allows."""
