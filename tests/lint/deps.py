"""The dependency rule: who may include whom. The table is that of README.md; arrows never point up or sideways."""

import re

OWN = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
SYSTEM = re.compile(r"^\s*#\s*include\s+<([^>]+)>")

C11 = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
       "string.h", "time.h", "float.h", "math.h"}
PURE_C11 = {"inttypes.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}

# folder or file prefix -> (may include of ours, may include system headers: None any, set: only these). First match counts.
TABLE = [
    ("common/base/", ["common/base/"], PURE_C11),
    ("common/label/", ["common/label/", "common/base/"], C11 | {"qrencode.h"}),
    ("proto/codec", ["proto/", "common/base/"], C11 | {"protobuf-c/protobuf-c.h"}),
    ("proto/", ["proto/", "common/base/"], PURE_C11),
    ("manager/core/", ["manager/core/", "common/base/", "proto/msg.h"], PURE_C11),
    ("client/core/", ["client/core/", "common/base/", "proto/msg.h"], PURE_C11),
    ("common/os/", ["common/os/", "common/base/"], None),
    ("manager/", ["manager/", "common/", "proto/"], None),
    ("client/", ["client/", "common/", "proto/"], None),
    ("tests/sim/", ["tests/sim/", "tests/lib/", "manager/core/", "client/core/", "proto/", "common/base/"], C11),
    ("tests/", ["tests/", "manager/", "client/", "common/", "proto/"], None),
]
GENERATED = {"fleet.pb-c.h"}


def rule_of(path):
    for prefix, ours, system in TABLE:
        if path.startswith(prefix):
            return ours, system
    return [], set()


def check(files):
    """files: {path: text} of all C sources and headers. Gives back complaints."""
    complaints = []
    for path, text in files.items():
        ours, system = rule_of(path)
        for number, line in enumerate(text.splitlines(), 1):
            own = OWN.match(line)
            if own and own[1] not in GENERATED:
                if own[1] not in files:
                    complaints.append(f"{path}:{number}: include from the root of the project, not {own[1]}")
                elif not any(own[1].startswith(prefix) for prefix in ours):
                    complaints.append(f"{path}:{number}: {path.rsplit('/', 1)[0]} must not see {own[1]}")
            if own and own[1] in GENERATED and not path.startswith("proto/codec"):
                complaints.append(f"{path}:{number}: only the codec sees {own[1]}")
            library = SYSTEM.match(line)
            if library and system is not None and library[1] not in system:
                complaints.append(f"{path}:{number}: a pure folder must not include <{library[1]}>")
    return complaints
