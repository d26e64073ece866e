"""Model artifacts: found, unpacked safely, recognised and read."""
