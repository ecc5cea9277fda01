"""What words give away: forms of questions and answers, phrases, names, numbers with units."""
