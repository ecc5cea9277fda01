"""HTML to blocks of text; what other formats become on their way, too."""
