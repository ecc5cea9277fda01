"""Commands about the student: tuned, served, asked, evaluated and compared."""
