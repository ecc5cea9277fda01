# The checks of this project, with the tools of .venv if it is there (scripts/test.sh makes it).
BIN := $(if $(wildcard .venv/bin/python),.venv/bin/,)

unexport PYTHONDONTWRITEBYTECODE  # or each process of the tests would compile all modules anew

.PHONY: check fix format lint types test unit

check: format lint types test  ## everything that must pass

format:
	$(BIN)ruff format --check .

lint:
	$(BIN)ruff check .

types:
	$(BIN)mypy

test:
	$(BIN)pytest -n auto --dist worksteal

unit:  ## the fast tests: no sockets, no waiting
	$(BIN)pytest -q -n auto --dist worksteal tests/unit

fix:  ## format, and correct what ruff can correct
	$(BIN)ruff format .
	$(BIN)ruff check --fix .
