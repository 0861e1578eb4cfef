#!/bin/sh
# Makes the virtual environment and installs the locked requirements and this package into it.
# usage: venv.sh PYTHON VENV LOCKFILE
set -eu
python=$1 venv=$2 lock=$3

if ! command -v "$python" >/dev/null 2>&1; then
    echo "silverpoint: '$python' was not found. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "silverpoint: $("$python" --version) is too old: Python 3.11 or newer is needed. Name one: make PYTHON=python3.12" >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ]; then
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        echo "silverpoint: this Python has no venv module. On Debian or Ubuntu: sudo apt install python3-venv" >&2
        exit 1
    fi
    "$python" -m venv "$venv"
fi
echo "installing what $lock lists into $venv (the first time takes a minute)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -e .
