"""TR3xx: sequence batching, its controls and states."""
