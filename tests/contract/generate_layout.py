#!/usr/bin/env python3
"""Writes abi_v1_layout.c: what the C contract's layout and values are today, as static assertions.

Run it when the contract changes on purpose while it is a draft. After the freeze it may only add lines.
Usage: tests/contract/generate_layout.py [compiler]
"""
import pathlib
import re
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
include = here.parent.parent / "include"
compiler = sys.argv[1] if len(sys.argv) > 1 else "cc"

source = re.sub(r"/\*.*?\*/", "", (include / "mrun/plugin.h").read_text(), flags=re.S)
probe = ["#include <mrun/plugin.h>", "#include <stdio.h>", "int main(void) {"]


def ask(expression):
    probe.append(f'  printf("_Static_assert({expression} == %lld, \\"changed\\");\\n", (long long)({expression}));')


for name, body in re.findall(r"typedef struct (mrun_\w+) \{(.*?)\} \1;", source, flags=re.S):
    ask(f"sizeof({name})")
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        function = re.search(r"\(\*(\w+)\)\(", declaration)
        field = function.group(1) if function else re.search(r"(\w+)$", declaration).group(1)
        ask(f"offsetof({name}, {field})")
        ask(f"sizeof((({name}*)0)->{field})")
for body in re.findall(r"enum \{(.*?)\};", source, flags=re.S):
    for constant in re.findall(r"(MRUN_\w+)\s*=", body):
        ask(constant)
probe.append("  return 0;\n}")

with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(folder) / "probe"
    (pathlib.Path(folder) / "probe.c").write_text("\n".join(probe))
    subprocess.run([compiler, "-std=c11", f"-I{include}", f"{folder}/probe.c", "-o", program], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout

(here / "abi_v1_layout.c").write_text(
    "/* The layout and values of the C contract, major 1: compiling this file is the test.\n"
    " *\n"
    " * Written by generate_layout.py; a change here is a change of the contract. */\n"
    "#include <mrun/plugin.h>\n\n" + lines
)
