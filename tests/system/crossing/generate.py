#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes, of the files with walks of what crosses between client and app and between apps, copies
that say of each struct that was read what stands in it, and a table of the structs' fields; both by
what scripts/check-inventory takes for crossing.

usage: generate.py ROOT OUT-FOLDER"""
import pathlib
import re
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

WALK = re.compile(r'^(?:static )?void \w+\(struct wire \*w,\s+(?:struct (\w+) \*(\w+)|void \*\w+)\)\n'
                  r'\{\n(.*?)^\}\n', re.S | re.M)


def load(path):
    loader = SourceFileLoader('check_inventory', str(path))
    module = module_from_spec(spec_from_loader('check_inventory', loader))
    loader.exec_module(module)
    return module


def instrumented(text, types):
    def change(m):
        kind, name, body = m.groups()
        if not kind:
            inner = re.search(r'^\tstruct (\w+) \*(\w+) = \w+;', body, re.M)
            kind, name = inner.groups() if inner else (None, None)
        if kind not in types:
            return m.group(0)
        seen = f'crossing_seen(w, "{kind}", {name});'
        whole = m.group(0).replace('return;', f'{{ {seen} return; }}')
        return whole[:-2] + f'\t{seen}\n}}\n'
    return '#include "tests/system/crossing/seen.h"\n' + WALK.sub(change, text)


def with_length(root, headers):
    """(struct, member) of all that are a pointer and how much is there."""
    for name in headers:
        text = re.sub(r'/\*.*?\*/', '', (root / name).read_text(), flags=re.S)
        for m in re.finditer(r'^struct (\w+) \{\n(.*?)^\};', text, re.S | re.M):
            for names in re.findall(r'struct\s+\w*(?:view|_list)\s+([^;*]+);', m.group(2)):
                yield from ((m.group(1), n.strip()) for n in names.split(','))


def table(headers, structs, long):
    yield from (f'#include "{h.removeprefix("src/")}"\n' for h in headers)
    yield '#include "tests/system/crossing/seen.h"\n'
    yield 'const struct crossing_field crossing_fields[] = {\n'
    for kind, fields in structs:
        for f in fields:
            yield (f'\t{{ "{kind}", "{f}", offsetof(struct {kind}, {f}),\n'
                   f'\t  sizeof(((struct {kind} *)0)->{f}), {int((kind, f) in long)} }},\n')
    yield '\t{ 0 },\n};\n'


def main():
    root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    check_inventory = load(root / 'scripts/check-inventory')
    check = check_inventory.Check(root)
    structs = list(check.crossing_structs())
    types = {kind for kind, _ in structs}
    for name in check_inventory.WALKED:
        text = instrumented((root / name).read_text(), types)
        (out / ('seen_' + pathlib.Path(name).name)).write_text(text)
    headers = [*check_inventory.CROSSING, *check_inventory.CROSSING_PARTS]
    (out / 'seen_fields.c').write_text(''.join(table(headers, structs, set(with_length(root, headers)))))


if __name__ == '__main__':
    main()
