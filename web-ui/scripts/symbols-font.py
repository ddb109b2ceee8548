"""Makes src/styles/fonts/symbols.woff2: the arrows, dingbats and braille that CLIs draw with.

Run by hand when the set changes (needs fonttools and brotli):
    python3 symbols-font.py noto-sans-symbols-2-symbols-400-normal.woff2 ../src/styles/fonts/symbols.woff2
The source is Noto Sans Symbols 2 (OFL 1.1; npm package @fontsource/noto-sans-symbols-2).
"""

import sys

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

RANGES = [(0x2190, 0x21FF), (0x2300, 0x23FF), (0x25A0, 0x27BF), (0x2800, 0x28FF), (0x2B00, 0x2B2F)]
CORNER = 0x23BF  # the elbow before a tool's output; the source has none


def main(source: str, target: str) -> None:
    font = TTFont(source)
    options = subset.Options(flavor="woff2", layout_features=[])
    options.drop_tables += ["vmtx", "vhea"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    subsetter.subset(font)

    unit = font["head"].unitsPerEm
    pen = TTGlyphPen(None)
    left, bottom, top, right, stroke = 0.2 * unit, 0.2 * unit, 0.8 * unit, 0.52 * unit, 0.06 * unit
    pen.moveTo((left, bottom))
    for point in ((left, top), (left + stroke, top), (left + stroke, bottom + stroke), (right, bottom + stroke), (right, bottom)):
        pen.lineTo(point)
    pen.closePath()
    name = "corner23BF"
    metrics = font["hmtx"]  # read before the glyph is added, or it would miss its own
    font["glyf"][name] = pen.glyph()
    font.setGlyphOrder(font["glyf"].glyphOrder)
    metrics[name] = (round(0.6 * unit), round(left))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[CORNER] = name
    font.flavor = "woff2"
    font.save(target)


main(*sys.argv[1:])
