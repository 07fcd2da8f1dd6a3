"""The programs that take part in rows: mrun, the reference programs, the system's tools, the fetched peers."""
import os

from harness import data, peers
from harness.model import MIB, Contender

# Of the cgroup rows: what is left of it beside the 512 MiB is the page cache that the program has.
CGROUP_BYTES = 1024 * MIB


def mrun(name, job, *options, dataset, durable=False, normalize="", memory_mib=0, cgroup_bytes=0):
    """mrun on `job`; beside peers, which never sync, it does not sync either unless `durable`."""
    sync = [] if durable else ["--no-sync"]
    memory = ["--memory", f"{memory_mib}M"] if memory_mib else []
    return Contender(
        name, lambda tools, place: [tools.mrun, "-q", *sync, *memory, *options, job, place.input, place.output],
        dataset, kind="mrun", normalize=normalize, memory_bytes=memory_mib * MIB, cgroup_bytes=cgroup_bytes)


def mrun_of_files(name, job, *options, dataset, count, memory_mib):
    """mrun on the first `count` files of a folder."""
    def command(tools, place):
        files = [os.path.join(place.input, one) for one in sorted(os.listdir(place.input))[:count]]
        return [tools.mrun, "-q", "--no-sync", "--memory", f"{memory_mib}M", *options, job, *files, place.output]
    return Contender(name, command, dataset, kind="mrun", memory_bytes=memory_mib * MIB)


def reference(program, dataset, *options, before=(), normalize="", memory_mib=0, cgroup_bytes=0):
    return Contender("reference", lambda tools, place: [tools.reference(program), *before, place.input, place.output,
                                                        *options],
                     dataset, normalize=normalize, memory_bytes=memory_mib * MIB, cgroup_bytes=cgroup_bytes)


def peer(name, job, dataset, *options, slow=False, cgroup_bytes=0):
    """One of bench/peers/."""
    one = peers.PEERS[name]
    return Contender(name, lambda tools, place: [tools.peers.python, peers.script(one), job, place.input,
                                                 place.output, *options],
                     dataset, slow=slow, kind=one.output_kind, peer=name, cgroup_bytes=cgroup_bytes)


def shell(name, script, dataset, needs, slow=True, normalize="", cgroup_bytes=0):
    """A pipeline of bash that reads $1 and writes $2."""
    return Contender(name, lambda tools, place: ["bash", "-c", script, "bash", place.input, place.output], dataset,
                     slow=slow, normalize=normalize, needs=needs, cgroup_bytes=cgroup_bytes)


def mrun_join(dataset):
    """Each row with those of the users that every thousandth row names; the list comes through a pipe."""
    script = """exec "$3" join -q --no-sync -D field=7 left=<(mawk 'NR % 1000 == 1' "$1") right="$1" "$2" """
    return Contender("mrun", lambda tools, place: ["bash", "-c", script, "bash", place.input, place.output, tools.mrun],
                     dataset, kind="mrun")


def coreutils_join(dataset):
    fields = ",".join([f"1.{i}" for i in range(1, 8)] + [f"2.{i}" for i in range(1, 8)])
    return shell("sort, join", f"""tab=$(printf '\\t')
        join -t "$tab" -1 7 -2 7 -o {fields} <(mawk 'NR % 1000 == 1' "$1" | sort -t "$tab" -k7,7) \\
          <(sort -t "$tab" -k7,7 "$1") >"$2" """, dataset, needs="join")


def mawk_words(dataset):
    return shell("mawk", """mawk '{ for (i = 1; i <= NF; ++i) ++count[$i] }
        END { for (word in count) printf "%s\\t%d\\n", word, count[word] }' "$1" >"$2" """, dataset, needs="mawk")


def mawk_index(dataset):
    """Names of files without their folder, as `base_names` makes them of mrun's."""
    return shell("mawk", """mawk 'FNR == 1 { n = split(FILENAME, path, "/"); file = path[n] }
        { for (i = 1; i <= NF; ++i) ++count[$i "\\t" file] }
        END { for (pair in count) printf "%s\\t%d\\n", pair, count[pair] }' "$1"/* >"$2" """, dataset, needs="mawk")


def base_names():
    """A filter: the second of three fields without its folders."""
    return r"""mawk -F '\t' '{ n = split($2, path, "/"); print $1 "\t" path[n] "\t" $3 }'"""


def coreutils_words(dataset):
    return shell("tr, sort, uniq", """tr -s ' \\t' '\\n' <"$1" | sort | uniq -c >"$2" """, dataset, needs="sort",
                 normalize=r"sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | sed '/^\t/d'")


def gnu_sort(dataset, memory="50%", cgroup_bytes=0):
    return shell("GNU sort", f'sort -S {memory} --parallel=2 -T "$(dirname "$2")" -o "$2" "$1"', dataset, needs="sort",
                 cgroup_bytes=cgroup_bytes)


def mawk_group_sum(dataset):
    return shell("mawk", """mawk -F '\\t' '{ sum[$7] += $6; ++count[$7] }
        END { for (user in sum) printf "%s\\t%d\\t%.0f\\n", user, count[user], sum[user] }' "$1" >"$2" """, dataset,
                 needs="mawk")


def grep_tools(pattern, is_regex):
    gnu = f"""grep -a {'-E' if is_regex else '-F'} -e '{pattern}' "$1" >"$2" """
    ripgrep = f"""rg -a -N --no-config {'' if is_regex else '-F'} -e '{pattern}' "$1" >"$2" """
    return [shell("GNU grep", gnu, data.ZIPF, needs="grep", slow=False),
            shell("ripgrep", ripgrep, data.ZIPF, needs="rg", slow=False)]
