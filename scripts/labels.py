"""Names and figures as people read them, for the terminal and for charts."""
import re

MEBIBYTE = 1 << 20


def wrap(name, width):
    """The lines of a spec or path broken behind its punctuation, else anywhere."""
    lines = [""]
    for piece in re.findall(r"[^-:,+/=_ ]*[-:,+/=_ ]*", name):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        while len(piece) > width:
            lines[-1], piece = piece[:width], piece[width:]
            lines.append("")
        lines[-1] += piece
    return lines


def shorten(name, width):
    """Its end matters most in a path, its start in a spec: the middle goes."""
    if len(name) <= width:
        return name
    head = (width - 2) // 2
    return name[:head] + ".." + name[-(width - 2 - head):]


def ratio(value):
    """Three figures, as in 0.953, 1.04 and 12.3."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 9.995 else f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


def percent(share):
    return "-" if share is None else f"{100 * share:.1f} %"


def nanoseconds(value):
    return "-" if value is None else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def count(number, thing):
    return f"{number} {thing}" + ("" if number == 1 else "s")
