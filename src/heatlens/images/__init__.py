"""Pictures in, heatmaps in and out, and the way between a photograph's grid and a model's.

    read           `read_image`: any source of a picture -> `Image`
    fit            `fit`: an `Image` -> a model's input, with its `Placement`
    geometry       `Placement`: the exact map between the two grids; `resized`
    tiles          windows over a long picture, and `blend`: their maps as one
    films/         `open_film` and `FilmWriter`: moving pictures, one frame in memory at a time
    heatmap_files  `save` and `load`: heatmaps on disk without loss

One file per kind of source stands beside `read`: `pillow`, `arrays`, `dicom`, `nifti`.
"""
