"""Reads and judges the SQL files of an analysis, packaged and of a folder."""
