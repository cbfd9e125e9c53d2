"""Named features of pictures: what a person would say of a picture, as numbers.

| file or folder | what it gives |
|---|---|
| `features` | `picture_features`: a `FeatureTable` of a folder of pictures |
| `kinds/` | one kind of feature a file: brightness, colour, texture, regions, corners, patch |
| `channels` | mean activation of the channels of a layer |
| `concept` | `learn_concept`, `Concept`: a direction in a layer that stands for what examples share |
| `stream` | pictures one after the other, broken ones told |
"""
