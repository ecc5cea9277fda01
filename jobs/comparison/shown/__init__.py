"""The comparison as it is read: tables, CSV, answers side by side, warnings."""
