"""What runs in a Python of the target's version, apart from everything else: it imports nothing of ours."""
