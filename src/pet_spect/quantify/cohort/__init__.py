"""Changes, statistics and decisions over all participants."""
