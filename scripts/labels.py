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


def duration(ns):
    """Three figures in the unit that suits them: 870 ns, 12.3 us, 4.56 ms."""
    if ns is None:
        return "-"
    for unit in ("ns", "us", "ms"):
        if ns < 999.5:
            return f"{ns:.3g} {unit}"
        ns /= 1000
    return f"{ns:.3g} s"


def count(number, thing):
    return f"{number} {thing}" + ("" if number == 1 else "s")


def size(count):
    """Bytes in the unit that suits them: 100 B, 1.5 KiB, 127.9 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"


def thousands(number, _=None):
    return f"{number:,.0f}"
