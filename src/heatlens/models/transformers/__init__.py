"""Models of transformers by kind: pictures, films, sounds, pictures with words."""
