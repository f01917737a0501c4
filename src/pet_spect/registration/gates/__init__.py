"""Gates that a registration must pass: plausibility, resemblance, consistency."""
