"""Numbers, amounts, units, times and dates in text, whichever way they are written."""
