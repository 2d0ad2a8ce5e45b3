import subprocess
import sys


def test_what_is_needed_late_is_imported_late() -> None:
    program = """
import sys
import mirascope_nb.llm.content, mirascope_nb.llm.formatting, mirascope_nb.llm.tools.schema

late = {"docstring_parser", "httpx2", "jiter", "PIL", "IPython"}
late.add("mirascope_nb.llm.formatting.partial_reader")
early = late & sys.modules.keys()
assert not early, early
"""
    subprocess.run([sys.executable, "-c", program], check=True)
