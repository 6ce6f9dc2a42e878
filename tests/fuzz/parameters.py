"""Parameter files: mutated bytes and lines, extreme values, and YAML whose aliases, merges and nesting multiply."""

import random
import re

from tests.fuzz.texts import FREQUENCIES, mutated
from tests.projects import EXAMPLE

EXTREMES = [
    "0", "-1", "1e300", "1e-300", "1e400", "-0.0", ".nan", ".inf", "999999999999999999999", "10000", "1000000000",
    "0x7f", "0o17", "1_000", "1:30", "[]", "{}", "[[]]", "''", "' '", "~", "yes", "NULL", "2024-01-01", "!!int '5'",
    "!!bool maybe", "!!python/name:os.system", "!x y", "*a", "&a 5", "|\n    text", ">-\n    text", "'\\x00'",
    '"\\ud800"', '"\\U0001f642"', "- - -", "? a", "a: b: c", "@", "%", "`", "\t1", "1 # two", "[1, 2, 3,]", "9" * 5_000,
    "1." + "0" * 400, "x" * 100_000, "[" * 100, "{" * 2_000, str(list(range(1, 100))), str(list(range(10_000))),
    "[80, 80]", "[95, 80]", "[0.5]", "[seasonal_naive, auto_ets]", "auto", "once",
    *(f"'{frequency}'" for frequency in FREQUENCIES),
]  # fmt: skip


def some_parameters(chance: random.Random) -> bytes:
    """A changed params.yaml."""
    text = (EXAMPLE / "params.yaml").read_text()
    kind = chance.choices(["bytes", "value", "structure"], weights=[5, 4, 1])[0]
    if kind == "bytes":
        return mutated(text.encode(), b": ", chance)
    if kind == "structure":
        return multiplying(text, chance).encode()
    for _ in range(chance.randrange(1, 3)):
        key = chance.choice(re.findall(r"^  (\w+):", text, flags=re.MULTILINE))
        line = f"  {key}: {chance.choice(EXTREMES)}"
        text = re.sub(rf"^  {key}:.*$", line.replace("\\", r"\\"), text, flags=re.MULTILINE)
    return text.encode("utf-8", "surrogatepass")


def multiplying(text: str, chance: random.Random) -> str:
    """`text` with a section whose size grows without bound as aliases are followed, or whose depth does."""
    depth, width = chance.randrange(1, 40), chance.randrange(1, 12)
    lists, maps = ["l0: &l0 [x]"], ["l0: &l0 {a: 1}"]
    for n in range(1, depth):
        aliases = ", ".join([f"*l{n - 1}"] * width)
        lists.append(f"l{n}: &l{n} [{aliases}]")
        maps.append(f"l{n}: &l{n} {{<<: [{aliases}], k{n}: 1}}")
    return chance.choice(
        [
            "\n".join([*lists, text]),
            "\n".join([*maps, text]),
            text.replace("train:", f"train:\n  <<: {{{', '.join(f'k{n}: {n}' for n in range(depth * 100))}}}"),
            "".join("  " * n + f"k{n}:\n" for n in range(depth * 30)) + text,
            "[" * depth * 300,
            "&a [*a]",
            "a: &a {b: *a}\n" + text,
            f"? [{'x, ' * depth}]\n: 1\n" + text,
            "\n".join(f"k{n}: &a{n} *a{n - 1}" for n in range(1, depth)) + text,
            text * depth,
            "---\n".join([text] * width),
            f"%TAG ! tag:x,2000:\n---\n{text}",
            "# " + "x" * 1_000_000 + "\n" + text,
            "\n".join(f"key{n}: {n}" for n in range(depth * 1_000)) + "\n" + text,
        ]
    )
