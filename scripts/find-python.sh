#!/bin/sh
# Prints the path of a python3 that has all the modules named, or says that there is none and
# fails. The first in PATH wins, so that an active virtual environment is respected; the system's
# own comes last, so that a newer python3 without the modules does not hide it.
#
#     scripts/find-python.sh matplotlib numpy
#
# PYTHON, when set, is taken as it is.

has_modules='
import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))'

if [ -n "$PYTHON" ]; then
    echo "$PYTHON"
    exit 0
fi

IFS=:
for folder in $PATH /usr/local/bin /usr/bin; do
    python=$folder/python3
    if [ -x "$python" ] && "$python" -c "$has_modules" "$@" 2>/dev/null; then
        echo "$python"
        exit 0
    fi
done
IFS=' '
echo "find-python: no python3 in PATH has all of: $*; \`make bootstrap\` installs them" >&2
exit 1
