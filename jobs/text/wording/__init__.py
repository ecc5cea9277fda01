"""What words give away: forms of questions and answers, phrases, names, what points at the text."""
