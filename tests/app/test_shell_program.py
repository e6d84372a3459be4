"""``flowbot do`` and ``flowbot completion`` as programs: their help, and what a shell completes."""

import pytest
from click.testing import CliRunner

from bot import cli
from bot.ops.shell_program import Exit


def test_the_programs_help_names_every_exit_code():
    shown = " ".join(CliRunner().invoke(cli.main, ["do", "--help"]).output.split())
    assert all(f" {int(code)} " in shown for code in Exit)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_generated_for_each_shell(shell):
    result = CliRunner().invoke(cli.main, ["completion", shell])
    assert result.exit_code == 0
    assert "_FLOWBOT_COMPLETE" in result.output


def test_a_shell_completes_a_command():
    environ = {"_FLOWBOT_COMPLETE": "zsh_complete", "COMP_WORDS": "flowbot do ack 2809 ", "COMP_CWORD": "4"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        result = CliRunner().invoke(cli.main, prog_name="flowbot")
    assert "because" in result.output
