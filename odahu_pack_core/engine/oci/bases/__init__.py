"""Base images: where one is, and what is in it, found out without running or unpacking it."""
