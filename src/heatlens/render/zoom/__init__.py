"""Pictures to zoom into: tiles of every size, and a page that shows them, from a folder.

| file | what it gives |
|---|---|
| `deep_zoom` | `deep_zoom`: a picture and its heat as Deep Zoom tiles with a page beside them |
| `tiles` | `tile_pyramid`: the tiles of one layer, of whatever gives regions |
| `page` | the page with what it shows written in, and a policy against all other scripts |
| `folder` | which folder it may go to |
| `viewer.html` | the page: pan and zoom by mouse, touch and keys, no network |
"""
