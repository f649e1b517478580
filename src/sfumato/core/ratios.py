"""The aspect ratios that can be asked for by name, width to height: FLUX's eleven, and 3:1 and 1:3."""

RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21", "3:1", "1:3")
