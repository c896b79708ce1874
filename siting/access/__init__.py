"""Reach: demand, walking and power."""
