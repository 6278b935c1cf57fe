"""What jobs write for others to read: histories, scores of rows, seconds, provenance."""
