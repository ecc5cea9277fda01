"""Files of Word and PowerPoint (ECMA-376), which become HTML."""
