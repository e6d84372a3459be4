"""flowbot on the command line. Exit codes: 0, 2 for wrong settings (a line for each problem), 1 otherwise."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click

from bot import __version__, start
from bot.settings import network as settings_network
from bot.start import EXIT_SETTINGS, complain, configured

EXIT_FAILED = 1
_PORT = click.IntRange(0, 65535)


def _words(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """What can follow the words of ``flowbot do`` so far."""
    from bot.core.shell.completion import following

    return following(context.params.get("words") or (), typed)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flowbot")
def main() -> None:
    """Run EnOS batch flows from Slack and tell the right people when one breaks.

    Settings come from environment variables or from a .env file. The README lists them.
    """


@main.command()
def run() -> None:
    """Run flowbot until SIGTERM. It then finishes what it started, and stops."""
    start.run()


@main.command()
@click.option("--port", type=_PORT, default=8650, show_default=True, help="Port of the page.")
@click.option(
    "--script", is_flag=True, help="Play the demo's story without a browser. Exits with 0 only if each step succeeds."
)
def demo(port: int, *, script: bool) -> None:
    """Show flowbot with simulated EnOS and Slack. It opens a page to click in."""
    settings_network.forget(os.environ)
    from bot.sim.demo import demo as show

    try:
        sys.exit(asyncio.run(show.script() if script else show.demo(port)))
    except KeyboardInterrupt:
        sys.exit(0)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.option(
    "--press",
    is_flag=False,
    flag_value=60.0,
    type=click.FloatRange(1, 300),
    metavar="[SECONDS]",
    help="Also post a button in the alert channel, and wait until somebody presses it.",
)
def doctor(press: float | None, *, as_json: bool) -> None:
    """Check all that flowbot needs.

    It says how to fix what is wrong. The checks: tokens, scopes, the alert channel, EnOS sign-in, clocks, the time
    zone, the watched flows, linked people, people on call, and a test message. flowbot may be running or not. Exits
    with 0 if nothing failed (warnings are allowed), with 1 if something failed, and with 2 if the settings are wrong.
    """
    settings = configured("The settings are wrong:", as_json=as_json)
    from bot.doctor import program

    sys.exit(program.run(settings, as_json=as_json, press=press or 0.0))


@main.command()
def manifest() -> None:
    """Print the Slack app's manifest for the current settings."""
    from dotenv import dotenv_values

    from bot.core.errors import Refusal
    from bot.ops.manifest import manifest_yaml

    environment = {name: value or "" for name, value in dotenv_values(".env").items()} | dict(os.environ)
    try:
        click.echo(manifest_yaml(environment), nl=False)
    except Refusal as refusal:
        complain("flowbot cannot make a manifest from these settings:", [str(refusal)])
        sys.exit(EXIT_SETTINGS)


@main.group()
def people() -> None:
    """Link Slack people to EnOS users."""


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add or change the links in FILE, all or nothing. A CSV file: slack_user,enos_user_id,enos_user_name."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        complain(f"{file} cannot be read: {reason}.", ["Nothing was imported. Save the file as CSV in UTF-8."])
        sys.exit(EXIT_FAILED)
    _offline("import_people", text)


@people.command("list")
def list_() -> None:
    """Print all links, in the format that import reads."""
    _offline("list_people")


@main.command()
def drill() -> None:
    """Post a sample failure, marked as a drill, wherever failures of the alert channel go.

    The running flowbot posts it. Nobody is mentioned. Exits with 0 only if it was posted everywhere.
    """
    done = _asked("drill")
    click.echo(done["said"], nl=False)
    sys.exit(0 if done["ok"] else EXIT_FAILED)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, shell_complete=_words)
@click.option("--as", "person", required=True, metavar="SLACKUSER", help="Who you are: a linked Slack user ID (U…).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as into a pipe.")
@click.option("--wait", is_flag=True, help="Wait until the started run ends. Its progress goes to stderr.")
def do(words: tuple[str, ...], person: str, *, as_json: bool, wait: bool) -> None:
    """Give the running flowbot a command, as in Slack: flowbot do failed today --as U0123ABCD.

    You have the rights of that person, and the audit shows what you did. A terminal gets text, a pipe JSON.

    Exits with 0 if it was done, 1 if flowbot cannot be asked, or Slack or EnOS did not answer, 2 if the settings or
    options are wrong, 3 if it was refused, 4 if it asks for confirmation, 5 if it is not known whether it was done, and
    6 if --wait saw the run fail.
    """
    settings = configured("The settings are wrong:")
    from bot.ops import shell_program

    sys.exit(shell_program.run(settings.database, words, person=person, as_json=as_json, wait=wait))


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what completes flowbot's commands in a shell.

    For bash: eval "$(flowbot completion bash)" in ~/.bashrc. For zsh the same with zsh in ~/.zshrc. For fish:
    flowbot completion fish | source in ~/.config/fish/config.fish.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is not None:
        click.echo(made(main, {}, "flowbot", "_FLOWBOT_COMPLETE").source())


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE. flowbot may be running."""
    _offline("backup", str(file.absolute()))


@main.group()
def database() -> None:
    """Move flowbot's database."""


@database.command("copy")
@click.argument("from_", metavar="FROM")
@click.argument("to", metavar="TO")
def copy(from_: str, to: str) -> None:
    """Copy the database FROM to the new database TO: from SQLite to PostgreSQL, or back.

    Each is the path of a file or an address, postgresql://USER@HOST/NAME. Put the password into PGPASSWORD or a
    password file, because other users see the arguments of a program. Stop flowbot first. TO must be empty, or not
    there. FROM is brought to this version and otherwise not changed.

    Exits with 0 if all was copied and compared, 1 if nothing was copied, and 2 if FROM or TO is wrong.
    """
    from bot.ops import database_copy

    sys.exit(database_copy.run(from_, to))


@main.command()
@click.option("--enos", type=_PORT, default=8651, show_default=True, help="Port of the simulated EnOS.")
@click.option("--slack", type=_PORT, default=8652, show_default=True, help="Port of the simulated Slack.")
def sim(enos: int, slack: int) -> None:
    """Run only the simulators of EnOS and Slack."""
    settings_network.forget(os.environ)
    from bot.sim import serve

    try:
        asyncio.run(serve.main(enos, slack))
    except KeyboardInterrupt:
        sys.exit(0)
    except OSError as error:
        complain("The simulators cannot start:", [str(error)])
        sys.exit(EXIT_FAILED)


def _offline(act: str, *arguments: str) -> None:
    """Run one of the program's other commands and print what it says."""
    from bot.core.text.escape import clean

    click.echo(clean(_asked(act, *arguments)), nl=False)


def _asked(act: str, *arguments: str) -> Any:
    """The answer of one of the program's other commands; or print why there is none, and end the program."""
    settings = configured("The settings are wrong:")
    from bot.core.errors import Failure
    from bot.core.text.escape import clean
    from bot.ops import offline

    try:
        return asyncio.run(getattr(offline, act)(settings, *arguments))
    except Failure as failure:
        click.echo(clean(str(failure)), err=True)
        sys.exit(EXIT_FAILED)
