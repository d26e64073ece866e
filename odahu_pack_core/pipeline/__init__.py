"""From a request to a published image: job, plan, resolve, build and push."""
