"""What a result was made from, and the list of all results: manifest, run id, matching of files, RO-Crate."""
