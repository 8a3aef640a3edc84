"""Doors of visits: the person's own pages, the desk's, and what a call asks for."""
