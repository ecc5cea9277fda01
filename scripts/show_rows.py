"""Prints some rows of a dataset as a person would read them."""

import json
import sys
from pathlib import Path


def main(path: Path, count: int) -> None:
    """Print the first `count` rows: the question that ends the user message, and the answer."""
    with path.open(encoding="utf-8") as rows:
        for number, line in enumerate(rows, start=1):
            if number > count:
                return
            _, user, assistant = json.loads(line)["messages"]
            question = printable(user["content"].rpartition("Question: ")[2])
            print(f"\nrow {number}\n  Q: {question}\n  A: {printable(assistant['content'])}")


def printable(text: str) -> str:
    """`text` without what a terminal would act on."""
    return "".join(char if char.isprintable() else " " for char in text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
