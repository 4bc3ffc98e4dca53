"""Serves what is published to agents, over the Model Context Protocol: tree, search, clusters, and SQL."""
