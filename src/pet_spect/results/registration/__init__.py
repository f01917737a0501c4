"""What normalise leaves of a participant: transforms and the record of the registration."""
