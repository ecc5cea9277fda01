"""What the three classic commands in scripts/ do beyond the others."""
