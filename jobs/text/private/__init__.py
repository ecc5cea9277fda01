"""Keys, passwords and personal data: where they stand in a text, and a mask for them."""
