"""RUN/report.html: what a run did, in one file that needs neither network nor server."""
