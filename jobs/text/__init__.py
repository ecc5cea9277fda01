"""What is common to all texts: sentences, languages, likeness, what may be shown."""
