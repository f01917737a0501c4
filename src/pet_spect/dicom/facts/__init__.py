"""Facts of a scan settled from header, JSON and tables: tracer, dose, injection, acquisition."""
