# SPDX-License-Identifier: Apache-2.0
"""A strict reader of the OpenMetrics text format, version 1.0.0, for what the backbone exports:
anything the format does not allow, or allows and we never write, is an error."""
import math
import re

MEDIA_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(rf'({NAME})(?:\{{(.*)\}})? ([0-9]+(?:\.[0-9]+)?)')
SUFFIXES = {'counter': ('_total',), 'gauge': ('',), 'histogram': ('_bucket', '_count', '_sum')}


class Mistake(Exception):
    pass


class Family:
    def __init__(self, name):
        self.name, self.kind, self.unit, self.help = name, None, '', None
        self.samples = {}  # (suffix, labels in order of their names) -> value

    def value(self, suffix='', **labels):
        return self.samples.get((suffix, tuple(sorted(labels.items()))), 0)

    def total(self, suffix='', **labels):
        """The sum over all samples that have these labels."""
        return sum(v for (s, have), v in self.samples.items()
                   if s == suffix and set(labels.items()) <= set(have))


def labels_of(text, line):
    found, at = {}, 0
    while at < len(text):
        m = LABEL.match(text, at)
        if not m or m.group(1) in found or (m.group(3) == ',' and m.end() == len(text)):
            raise Mistake(f'labels: {line}')
        found[m.group(1)], at = m.group(2), m.end()
    return tuple(sorted(found.items()))


def metadata(family, what, text, line):
    if family.samples:
        raise Mistake(f'after its samples: {line}')
    if what == 'TYPE':
        if family.kind or text not in SUFFIXES:
            raise Mistake(f'type: {line}')
        family.kind = text
    elif what == 'UNIT':
        if family.unit or not text or not family.name.endswith('_' + text):
            raise Mistake(f'unit: {line}')
        family.unit = text
    elif family.help is not None or re.search(r'\\[^\\n"]', text):
        raise Mistake(f'help: {line}')
    else:
        family.help = text


def sample(family, line):
    m = SAMPLE.fullmatch(line)
    if not m:
        raise Mistake(f'no sample: {line}')
    name, labels, value = m.groups()
    if not family or not name.startswith(family.name) or not family.kind:
        raise Mistake(f'of no family: {line}')
    suffix = name[len(family.name):]
    if suffix not in SUFFIXES[family.kind]:
        raise Mistake(f'not of a {family.kind}: {line}')
    key = (suffix, labels_of(labels, line) if labels is not None else ())
    if key in family.samples:
        raise Mistake(f'twice: {line}')
    family.samples[key] = float(value)


def histogram_check(family):
    rows = {}
    for (suffix, labels), value in family.samples.items():
        ends = [v for k, v in labels if k == 'le']
        rest = tuple(x for x in labels if x[0] != 'le')
        if (suffix == '_bucket') != bool(ends):
            raise Mistake(f'{family.name}: le belongs to buckets')
        rows.setdefault(rest, {})[suffix + ''.join(ends)] = value
    for row in rows.values():
        if not {'_count', '_sum', '_bucket+Inf'} <= set(row):
            raise Mistake(f'{family.name}: not whole: {row}')
        buckets = [(math.inf if k == '_bucket+Inf' else float(k[7:]), v)
                   for k, v in row.items() if k.startswith('_bucket')]
        if buckets != sorted(buckets) or [v for _, v in buckets] != sorted(v for _, v in buckets):
            raise Mistake(f'{family.name}: the buckets do not grow')
        if row['_bucket+Inf'] != row['_count']:
            raise Mistake(f'{family.name}: the last bucket is not the count')


def read(text):
    """{name: Family}"""
    if not text.endswith('# EOF\n'):
        raise Mistake('no end')
    families, family = {}, None
    for line in text.split('\n')[:-2]:
        m = re.fullmatch(rf'# (TYPE|UNIT|HELP) ({NAME}) (.*)', line)
        if not m:
            sample(family, line)
            continue
        what, name, rest = m.groups()
        if not family or family.name != name:
            if name in families:
                raise Mistake(f'begins twice: {line}')
            family = families[name] = Family(name)
        metadata(family, what, rest, line)
    for f in families.values():
        if not f.kind or f.help is None:
            raise Mistake(f'{f.name}: without type or help')
        if f.kind == 'histogram':
            histogram_check(f)
    return families
