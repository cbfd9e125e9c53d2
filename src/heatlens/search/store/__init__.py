"""The table of an index: rows on disk, appended whole or not at all, and sealed by checksums."""
