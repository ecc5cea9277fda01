"""The flex tier: half the price at once, where there is capacity."""
