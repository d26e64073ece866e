"""``odahuflowctl triton``: models checked, configured and explained at the command line, without Triton."""
