"""The interactive viewer: volumes as scripts that a page loads from disk, and the pages themselves."""
