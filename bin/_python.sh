# Sourced by the other scripts here: finds a Python that is new enough and names it in $python.
# Only words of the shell itself are used here: nothing is known about the machine yet.
python=
too_old=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
    too_old=${too_old:-$("$candidate" --version 2>&1)}
done
if [ -z "$python" ]; then
    echo "Telek needs Python 3.11 or newer and found ${too_old:-none}: install it (on Debian 12 and later: apt-get install python3 python3-venv) and start again." >&2
    exit 1
fi
