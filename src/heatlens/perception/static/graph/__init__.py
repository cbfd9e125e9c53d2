"""Markov chains over the places of a map: what GBVS is made of."""
