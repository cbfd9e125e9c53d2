"""Looking at heatmaps: colour, overlays, contours, figures, hot regions, contact sheets, HTML.

| file | what it gives |
|---|---|
| `colour` | colour maps by name, `Scale` (what a colour means), `scale_for`, `evenness` |
| `overlay` | a heatmap laid over its picture, its strength following the evidence |
| `contours` | lines of equal evidence |
| `hotspots` | hot regions with box, peak, area and share of the mass |
| `flow` | what a transport plan moves: places, colours, grey levels |
| `figure` | `plot`, `panels`, `compare`, `png`, `save_picture` |
| `picture`, `strip` | a map over a picture or slice; several slices or frames |
| `spectrogram` | a map over frequency and time, with the sound behind |
| `series` | bars for each frame, moment or frequency |
| `sentence`, `marked_words` | words on the colour of their evidence |
| `files` | figures as PNG and SVG that carry their provenance, and reading it back |
| `sheet` | a contact sheet of many captioned pictures |
| `html` | one self-contained page |

Nothing here changes a heatmap or any global state of matplotlib, and pyplot is never imported.
"""
