"""TR2xx: inputs and outputs, their types, dims, reshapes and labels."""
