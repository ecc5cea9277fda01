"""Text with markup, which becomes HTML."""
