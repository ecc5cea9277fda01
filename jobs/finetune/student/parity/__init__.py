"""Whether what is served is what was trained: template, tokens, end, probabilities, answers."""
