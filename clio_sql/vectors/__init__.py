"""Embeds texts and clusters vectors."""
