"""The declared analysis: its settings, its sets of participants, and what is estimated and tested."""
