"""Container engines: what is found in base images, and how resolved plans become images somewhere."""
