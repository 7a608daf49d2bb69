"""Seeded fuzzing of what reads untrusted bytes."""
