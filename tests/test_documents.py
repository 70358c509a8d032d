"""Every ``>>>`` example in the README and the documentation runs and prints what the page says."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def python_blocks(text: str) -> str:
    """The text with every line outside a ```` ```python ```` fence blanked, so that line numbers stay true."""
    lines, inside = [], False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        inside = line.strip() == "```python" if fence else inside
        lines.append(line if inside and not fence else "")
    return "\n".join(lines) + "\n"


def test_a_closing_fence_is_not_expected_output() -> None:
    page = "# Title\n>>> outside\n```python\n>>> 1 + 1\n2\n```\ntext\n```\n>>> other\n```\n"
    (example,) = doctest.DocTestParser().get_examples(python_blocks(page))
    assert (example.source, example.want, example.lineno) == ("1 + 1\n", "2\n", 3)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_run(path: Path) -> None:
    text = python_blocks(path.read_text(encoding="utf-8"))
    example = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert not report, "".join(report)
