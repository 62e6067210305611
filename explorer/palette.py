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
