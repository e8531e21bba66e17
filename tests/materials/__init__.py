"""Posters, flyers and cards."""
