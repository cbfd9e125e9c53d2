"""From what a person has (a picture, film, volume, sound) to a batch, and maps back onto it."""
