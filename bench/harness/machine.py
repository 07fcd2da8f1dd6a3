"""What the machine is, so that figures can be read by others."""
import os
import platform
import re
import subprocess


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "?"
    return (done.stdout or done.stderr).split("\n", 1)[0].strip() or "?"


def cpu_fields():
    fields = {}
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    return fields


def vectors(flags):
    for flag, name in (("avx512bw", "AVX-512"), ("avx2", "AVX2")):
        if flag in flags.split():
            return name
    return "no AVX2"


def cores():
    return len(os.sched_getaffinity(0))


def kind():
    """A short name for the folder of results: cores and processor."""
    model = cpu_fields().get("model name", platform.machine())
    model = re.sub(r"\([^)]*\)|\bCPU\b.*|@.*|\bProcessor\b|\d+-Core", " ", model)
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    return f"{cores()}x-{slug}"


def commit(folder):
    """Of the checkout in which `folder` lies."""
    named = first_line(["git", "-C", folder, "rev-parse", "--short", "HEAD"])
    changed = first_line(["git", "-C", folder, "status", "--porcelain", "--untracked-files=no"]) != "?"
    return f"{named} with changes" if changed else named


def facts(scratch, tools):
    """Pairs of a name and a value."""
    cpu = cpu_fields()
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_gib = int(file.readline().split()[1]) / (1 << 20)
    with open("/etc/os-release", encoding="utf-8") as file:
        system = dict(re.findall(r'^(\w+)="?(.*?)"?$', file.read(), re.MULTILINE)).get("PRETTY_NAME", "?")
    others = [first_line(command) for command in (["sort", "--version"], ["grep", "--version"], ["rg", "--version"],
                                                  ["mawk", "-W", "version"])]
    others += [f"{name} {version}" for name, version in tools.peers.versions()]
    return [
        ("processor", f"{cpu.get('model name', '?')}, {cores()} cores in use, {vectors(cpu.get('flags', ''))}"),
        ("memory", f"{memory_gib:.1f} GiB"),
        ("scratch folder", first_line(["stat", "-f", "-c", "%T", scratch])),
        ("system", f"{system}, Linux {platform.release()}"),
        ("mrun", first_line([tools.mrun, "--version"])),
        ("others", ", ".join(one for one in others if one != "?")),
    ]
