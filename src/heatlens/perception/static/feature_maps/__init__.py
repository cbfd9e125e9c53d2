"""What the models after early vision share: pyramids, Gabor filters, and the promotion of peaks."""
