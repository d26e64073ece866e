"""TR6xx: the configuration against what the model file itself says."""
