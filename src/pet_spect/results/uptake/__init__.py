"""What measure leaves of a participant: the table of uptake and its sidecar."""
