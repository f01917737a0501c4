"""The page of one participant: its visits side by side, its numbers and its history."""
