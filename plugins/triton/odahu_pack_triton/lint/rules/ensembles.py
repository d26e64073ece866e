"""TR3xx: ensembles, their steps and the tensors between them."""
