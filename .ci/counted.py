"""Which lines and branches of ``bot`` the tests run: ``python .ci/counted.py MODULE …`` runs a module, as -m does.

Coverage.py lets Python call it at each line, which alone doubles the time of a test on Python 3.11. Here each statement
notes by itself that it was reached. What there is to reach is still coverage.py's word, and its report.

``FLOWBOT_COUNTED`` is a folder for the marked code (``NAME.code``) and for the marks that were reached (``….json``).
"""

import ast
import atexit
import json
import marshal
import os
import runpy
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parent.parent
MARKS = "__marks__"  # in each module: a list with a 1 for each mark that was reached
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While)

Arc = tuple[int, int]
reached: dict[str, list[int]] = {}  # by file


@dataclass(frozen=True)
class Way:
    """A way out of a line that branches: ``into`` the lines from ``first`` to ``last``, or past them."""

    line: int
    first: int
    last: int
    into: bool

    def arcs(self, exits: set[int]) -> Iterator[Arc]:
        """Those of coverage.py's arcs that go this way."""
        return ((self.line, end) for end in exits if (self.first <= end <= self.last) == self.into)


Told = int | Way  # a line that was reached, or a way that was gone


class Marker(ast.NodeTransformer):
    """Puts a mark before each statement, and where a branch goes past it. ``tells``: what each mark tells."""

    def __init__(self) -> None:
        self.tells: list[list[Told]] = []

    def mark(self, at: ast.stmt | ast.pattern, tells: list[Told]) -> ast.stmt:
        """Make the statement that notes that it was reached."""
        self.tells.append(tells)
        where = {name: getattr(at, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
        marks, number = ast.Name(MARKS, ast.Load(), **where), ast.Constant(len(self.tells) - 1, **where)
        return ast.Assign([ast.Subscript(marks, number, ast.Store(), **where)], ast.Constant(1, **where), **where)

    def block(self, statements: list[ast.stmt], tells: list[Told]) -> list[ast.stmt]:
        """Mark each statement; the first mark tells ``tells``, too."""
        marked: list[ast.stmt] = []
        for each in statements:
            if not (each is statements[0] and is_words(each)):
                marked.append(self.mark(each, [each.lineno, *decorators(each), *tells]))
                tells = []
            marked.append(self.visit(each))
        return marked

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Mark all statements in it."""
        past = [way(node.lineno, node.body, into=False)] if isinstance(node, BRANCHES) else []
        for name in ("body", "orelse", "finalbody"):
            if isinstance(inner := getattr(node, name, None), list) and inner:
                setattr(node, name, self.block(inner, [way(node.lineno, inner)] if isinstance(node, BRANCHES) else []))
        if isinstance(node, BRANCHES) and not node.orelse:
            node.orelse = [self.mark(node, past)]
        for number, handler in enumerate(getattr(node, "handlers", ())):
            handler.body = self.block(handler.body, [each.lineno for each in node.handlers[: number + 1]])
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Mark the statements of each case; to reach one is to go past those above it."""
        past: list[Told] = []
        for case in node.cases:
            line, statements = case.pattern.lineno, case.body
            case.body = self.block(statements, [*past, line, way(line, statements)])
            past += [line, way(line, statements, into=False)]
        last = node.cases[-1]
        if last.guard or not isinstance(last.pattern, ast.MatchAs) or last.pattern.pattern:
            anything = ast.copy_location(ast.MatchAs(), last.pattern)
            node.cases.append(ast.match_case(anything, None, [self.mark(last.pattern, past)]))
        return node


def decorators(statement: ast.stmt) -> list[int]:
    """Return the lines of its decorators."""
    return [each.lineno for each in getattr(statement, "decorator_list", ())]


def way(line: int, statements: list[ast.stmt], *, into: bool = True) -> Way:
    """Return the way from a line into some statements, or past them."""
    first = min([statements[0].lineno, *decorators(statements[0])])
    return Way(line, first, statements[-1].end_lineno or 0, into)


def is_words(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, which must stay the first; or dots, which are left out of the count."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def marked(path: str) -> tuple[int, CodeType]:
    """How many marks a file has, and its code with them."""
    marker = Marker()
    tree = marker.visit(ast.parse(Path(path).read_bytes()))
    return len(marker.tells), compile(tree, path, "exec", dont_inherit=True)


class Loader(SourceFileLoader):
    """Loads a module with its marks."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the marked code; a new ``marks`` for it is in ``reached``."""
        path, kept = self.get_filename(fullname), Path(os.environ["FLOWBOT_COUNTED"], f"{fullname}.code")
        size, code = marshal.loads(kept.read_bytes()) if kept.exists() else marked(path)  # noqa: S302 (our own)
        reached[path] = [0] * size
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        code = self.get_code(module.__name__)
        setattr(module, MARKS, reached[self.get_filename(module.__name__)])
        exec(code, module.__dict__)  # noqa: S102 (it is how a module is run)


class Finder:
    """Finds what is counted, before others do."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return where a module of ``bot`` is."""
        spec = PathFinder.find_spec(name, path, target) if name.partition(".")[0] == "bot" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(name, spec.origin)
        return spec


def files() -> dict[str, Path]:
    """All that is counted, by the module's name."""
    found = {file.relative_to(ROOT).with_suffix("").parts: file for file in sorted((ROOT / "bot").rglob("*.py"))}
    return {".".join(parts).removesuffix(".__init__"): file for parts, file in found.items()}


def prepare(folder: Path) -> None:
    """Keep the marked code of all files for the processes that will count."""
    for name, file in files().items():
        (folder / f"{name}.code").write_bytes(marshal.dumps(marked(str(file))))


def run(module: str, *arguments: str) -> None:
    """Run a module; keep what it reached at the end of its process."""
    process = os.getpid()

    def keep() -> None:
        if os.getpid() == process:
            numbers = {path: [number for number, one in enumerate(ones) if one] for path, ones in reached.items()}
            Path(os.environ["FLOWBOT_COUNTED"], f"{uuid.uuid4()}.json").write_text(
                json.dumps(numbers), encoding="utf-8"
            )

    atexit.register(keep)
    sys.meta_path.insert(0, Finder())
    sys.argv = [module, *arguments]
    sys.path[0] = str(Path.cwd())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def combine(folder: Path, into: Path) -> None:
    """Write what all processes reached as a data file of coverage.py."""
    from coverage import CoverageData

    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for kept in folder.glob("*.json"):
        for path, some in json.loads(kept.read_text(encoding="utf-8")).items():
            numbers[path].update(some)
    data = CoverageData(str(into))
    data.add_arcs({str(file): arcs(file, numbers[str(file)]) for file in files().values()})
    data.touch_files(map(str, files().values()))  # those that nothing reached, too
    data.write()


def arcs(file: Path, numbers: set[int]) -> set[Arc]:
    """Return the arcs that these marks stand for; (-1, line) is a line that was reached."""
    from coverage.parser import PythonParser

    marker, text = Marker(), file.read_text(encoding="utf-8")
    marker.visit(ast.parse(text))
    parser = PythonParser(text=text, filename=str(file))
    parser.parse_source()
    exits: defaultdict[int, set[int]] = defaultdict(set)
    for start, end in parser.arcs():
        exits[start].add(end)
    told = {each for number in numbers for each in marker.tells[number]}
    lines = parser.first_lines(each for each in told if isinstance(each, int))
    gone = {arc for each in told if isinstance(each, Way) for arc in each.arcs(exits[parser.first_line(each.line)])}
    branching = parser.first_lines(each.line for some in marker.tells for each in some if isinstance(each, Way))
    # The ends of with, try and finally have no marks: a way out is gone where it leads to what was reached.
    gone |= {(line, end) for line in lines - branching for end in exits[line]}
    return {(-1, line) for line in lines} | {(line, end) for line, end in gone if end < 0 or end in lines}


if __name__ == "__main__":
    if sys.argv[1] == "--prepare":
        prepare(Path(os.environ["FLOWBOT_COUNTED"]))
    elif sys.argv[1] == "--combine":
        combine(Path(os.environ["FLOWBOT_COUNTED"]), ROOT / ".coverage")
    else:
        run(*sys.argv[1:])
