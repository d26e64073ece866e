"""How each base image is made: one module per family, one ``Recipe`` per image."""
