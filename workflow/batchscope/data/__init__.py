"""Datasets: where they come from, what is done to them, how their rows are split."""
