"""The colours of every picture, as hex strings: the same ones as the page's light theme.

The digits' are Petroff's ten (arXiv 2107.02270), made to be told apart with any colour vision.
"""

DIGITS: tuple[str, ...] = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

PANEL = "#ffffff"
GROUND = "#f5f7fa"
LINE = "#e3e8ef"
TEXT = "#1c2430"
QUIET = "#5f6b7c"
GRID = "#edf0f4"
AXIS = "#d5dbe4"
CODE = "#272e3a"
ON_CODE = "#ffffff"
ACCENT = "#3d5bdb"
BAD = "#c62f2f"
BAD_SOFT = "#fbe3e3"
GOOD = "#1d7f37"
GOOD_SOFT = "#dcefe1"
COMMIT = "#d9560b"
CODEBOOK = "#7a2c02"
TOTAL = "#7d8796"

RUN_COLOURS: tuple[str, ...] = (
    "#0f0fff",
    "#ff3c00",
    "#2d3c0f",
    "#0096c3",
    "#5a4b87",
    "#a56987",
    "#c35aff",
    "#c3004b",
    "#0f695a",
    "#a500c3",
    "#78004b",
    "#784b00",
    "#969669",
    "#002d96",
    "#ff2db4",
    "#2d960f",
)
"""One a run of a comparison, each at 3 : 1 or more against the panel.

Found by search: the least distance of two of them is as large as could be with normal, protan, deutan and tritan eyes, and
larger among the first few. Sixteen are still too many for colour alone: runs are numbered as well.
"""
