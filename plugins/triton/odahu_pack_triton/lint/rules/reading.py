"""TR0xx: fields that the schema knows and the release does not, and what the text says twice."""
