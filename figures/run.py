"""Make every figure, or those named: ``python figures/run.py [--quick] [fig_intro ...]``.

A figure that fails is reported and the others are still made; the exit status says whether all of them were.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from _runner import Options, make
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

HERE = Path(__file__).resolve().parent


def main() -> int:
    names = sorted(path.stem for path in HERE.glob("fig_*.py"))
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(names) or 'none yet'}")
    Options.add_to(parser)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    names = arguments.names or names
    options = Options.of(arguments)

    console = Console()
    failed = []
    text = TextColumn("{task.description}")
    columns = (SpinnerColumn(), text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        total = progress.add_task("figures", total=len(names))
        for name in names:
            progress.update(total, description=f"figures: {name}")
            start = time.perf_counter()
            try:
                module = importlib.import_module(name)
                written = make(
                    HERE / f"{name}.py", module.compute, module.draw, getattr(module, "table", None), options, progress
                )
            except KeyboardInterrupt:
                sys.exit(f"interrupted in {name}: what was computed is kept, and the same command goes on from there")
            except Exception:
                failed.append(name)
                console.print_exception()
                console.print(f"{name}: failed", style="red", highlight=False)
            else:
                seconds = time.perf_counter() - start
                console.print(f"{name}: {seconds:.1f} s, {', '.join(path.name for path in written)}", highlight=False)
            for task in progress.task_ids:
                if task != total:
                    progress.remove_task(task)
            progress.advance(total)
        progress.update(total, description="figures")
    made = len(names) - len(failed)
    console.print(f"{made} of {len(names)} figures in {options.out}", highlight=False, soft_wrap=True)
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="red", highlight=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
