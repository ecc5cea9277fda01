"""The models side by side: means with intervals, differences, a table, a CSV."""
