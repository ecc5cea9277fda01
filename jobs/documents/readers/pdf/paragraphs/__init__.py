"""From the lines of PDF pages to paragraphs, headings and notes."""
