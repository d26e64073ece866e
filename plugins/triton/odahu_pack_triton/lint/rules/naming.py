"""TR1xx: the model's name, its backend and platform, its files and versions."""
