"""Programs that are killed while they write, and what must be left then."""
