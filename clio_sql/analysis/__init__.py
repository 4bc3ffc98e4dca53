"""Reads and checks the SQL files of an analysis, packaged ones and those of a folder."""
