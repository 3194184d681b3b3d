"""What a reader sees in a QR code, by Debian's zbar."""

import re
import subprocess

# Pixels of a module.
SCALE = 4


def read_svg(svg):
    """The text of a code that the server has drawn, of which only what it draws is understood."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    light, dark = re.findall(r' d="([^"]*)"', svg)
    assert light == f"M0 0h{side}v{side}H0z"
    rows = [[False] * side for _ in range(side)]
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1H(\d+)z", dark)
    assert "".join(f"M{x} {y}h{width}v1H{back}z" for x, y, width, back in runs) == dark, "nothing else is drawn"
    for x, y, width, _ in runs:
        for column in range(int(x), int(x) + int(width)):
            rows[int(y)][column] = True
    return read_modules(rows)


def read_terminal(lines):
    """The text of a code in a terminal, and how many columns it takes; `None` where there is none."""
    found = re.findall(r"\x1b\[38;5;16;48;5;231m([ █▀▄]+)\x1b\[0m", lines)
    if not found:
        return None
    rows = [[character in blocks for character in line] for line in found for blocks in ("█▀", "█▄")]
    return read_modules(rows), len(found[0])


def read_modules(rows):
    """The text of a code by its modules, of which those that are true are dark."""
    side = len(rows[0]) * SCALE
    picture = "".join("".join(("0 " if dark else "255 ") * SCALE for dark in row) * SCALE for row in rows)
    head = f"P2 {side} {len(rows) * SCALE} 255 "
    return read_picture((head + picture).encode())


def read_picture(data):
    """The text of the code in a picture."""
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-"]
    read = subprocess.run(command, input=data, capture_output=True, timeout=30)
    assert read.returncode == 0, read.stderr
    return read.stdout.decode().removesuffix("\n")
