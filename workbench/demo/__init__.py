"""The README's first command: from a trained model to an image that answers, step by step."""
