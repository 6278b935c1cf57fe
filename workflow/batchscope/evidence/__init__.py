"""What histories and scores show: measures, intervals, comparisons, claims, the recommendation."""
