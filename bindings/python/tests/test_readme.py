"""The example of the README, as it stands there."""

import pathlib
import re
import subprocess
import sys

import pytest

README = pathlib.Path(__file__).parents[2] / "README.md"


def example(language):
    [code] = re.findall(rf"```{language} embed\n(.*?)```", README.read_text(), re.DOTALL)
    return code


@pytest.mark.parametrize("language", ["kotlin", "swift", "python"])
def test_an_example_has_thirty_lines_at_most(language):
    assert len(example(language).splitlines()) <= 30


def test_the_python_example_runs_as_it_stands(server, tmp_path):
    program = tmp_path / "embed.py"
    program.write_text(example("python"))
    arguments = [server.url, str(tmp_path / "data"), "anna", server.identity_token("anna")]
    running = subprocess.Popen(
        [sys.executable, "-u", program, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        # It says so when it is logged in: what was accepted before is not drawn.
        assert running.stdout.readline() == "anna is logged in\n"
        id = server.publish("anna", "Order 8812")
        assert running.stdout.readline() == "Order 8812\n"
        # The next one is drawn after the first was reported as shown.
        server.publish("anna", "Order 8813")
        assert running.stdout.readline() == "Order 8813\n"
        server.wait_for(id, "delivered")
    finally:
        running.terminate()
        running.wait(300)
