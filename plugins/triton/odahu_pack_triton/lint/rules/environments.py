"""TR5xx: Python models, their code and their environments."""
