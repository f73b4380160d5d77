"""Sparse indicators: which one each leans on, which of them know of each other, and their recovery in that order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from forecasting.decumulation._adding_up import Member, add_up
from forecasting.decumulation._dense import recover
from forecasting.decumulation._figures import Figures
from forecasting.decumulation._found import Found
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._sparse import recover_family
from forecasting.decumulation._weights import Profile
from forecasting.errors import InputError, Problem
from forecasting.parallel import Keep, Workers, in_parallel

__all__ = ["lean_on", "leans_on", "linked", "seeded", "together"]


def leans_on(sparse: list[Figures], dense: list[Figures], related: Mapping[str, str]) -> dict[str, str]:
    """The related indicator of each sparse one, as far as there is one in the table."""
    names = {figure.indicator for figure in [*sparse, *dense]}
    out = {}
    for figure in sparse:
        wanted = related.get(figure.indicator)
        members = [f for f in dense if f.family and f.family == figure.family]
        if wanted in names:
            out[figure.indicator] = str(wanted)
        elif members:
            out[figure.indicator] = max(members, key=lambda f: int(f.published.sum())).indicator
    return out


def together(names: Sequence[str], links: Iterable[tuple[str, str]], families: Sequence[str]) -> list[list[str]]:
    """Names in groups that know of each other, by family ("" for none) or by links; links to others are passed over."""
    place = {name: name for name in names}

    def root(name: str) -> str:
        while place[name] != name:
            place[name] = place[place[name]]
            name = place[name]
        return name

    first: dict[str, str] = {}
    same = [(first.setdefault(family, name), name) for name, family in zip(names, families, strict=True) if family]
    for one, other in [*same, *links]:
        if one in place and other in place:
            low, high = sorted((root(one), root(other)))
            place[high] = low
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(root(name), []).append(name)
    return list(groups.values())


def lean_on(
    sparse: Sequence[Figures],
    related: Mapping[str, str],
    parts: Mapping[str, Sequence[str]],
    dense: Sequence[Figures],
    paths: Mapping[str, Path],
    profiles: Mapping[str, Profile],
    draws: int,
    seed: int,
    workers: Workers,
    keep: Keep | None,
) -> dict[str, Found]:
    """Recover sparse indicators; those that know of each other (a family, a related one, parts) together.

    Args:
        sparse: Their published figures.
        related: Indicator -> the one that it leans on.
        parts: Indicator -> those that make it up.
        dense: Figures of the indicators that are recovered already.
        paths: What became of these.
        profiles: Indicator -> base weights.
        draws: Number of draws.
        seed: Source of everything random.
        workers: See `forecasting.parallel`.
        keep: See `forecasting.parallel`.

    Returns:
        The sparse indicators, and wholes among the dense ones, which their sparse parts may have moved.

    Raises:
        InputError: A circle of related indicators.
    """
    by_name = {figure.indicator: figure for figure in sparse}
    _check_start(by_name, related)
    adding = {whole: tuple(of) for whole, of in parts.items() if of and by_name.keys() >= set(of)}
    wholes = {figure.indicator: figure for figure in dense if figure.indicator in adding}
    links = [*related.items(), *((of[0], name) for whole, of in adding.items() for name in (whole, *of))]
    families = [figure.family for _, figure in sorted(by_name.items())]
    groups = together(sorted(by_name), links, families)
    tasks = []
    for names in groups:
        own = {whole: of for whole, of in adding.items() if set(of) <= set(names)}
        leans = {name: related[name] for name in names if name in related}
        whole = [wholes[name] for name in own if name in wholes]
        others = set(leans.values()) - own.keys()
        tasks.append((
            [by_name[name] for name in names], leans, own, whole,
            {name: path for name, path in paths.items() if name in others},
            {name: profiles[name] for name in [*names, *(one.indicator for one in whole)]}, draws, seed,
        ))  # fmt: skip
    out: dict[str, Found] = {}
    for found in in_parallel(_lean_together, tasks, workers, names=[names[0] for names in groups], keep=keep):
        out |= found
    return out


def _check_start(sparse: Collection[str], related: Mapping[str, str]) -> None:
    for name in sparse:
        seen = [name]
        while (after := related.get(seen[-1])) in sparse:
            seen.append(str(after))
            if after == name:
                names = ", ".join(f"{one} on {related[one]}" for one in sorted(set(seen)))
                what = f"nothing to start from, they lean on each other: {names}"
                raise InputError("related", [Problem("", what)])
            if after in seen[:-1]:
                break


def _lean_together(
    waiting: Sequence[Figures],
    related: Mapping[str, str],
    parts: Mapping[str, Sequence[str]],
    dense: Sequence[Figures],
    paths: Mapping[str, Path],
    profiles: Mapping[str, Profile],
    draws: int,
    seed: int,
) -> dict[str, Found]:
    """Recover sparse indicators family by family, those that others lean on first, and dense wholes of theirs anew."""
    recovered: dict[str, Member] = {}
    crowds = {name: len(of) for whole, of in parts.items() for name in of if related.get(name) == whole}
    until = max([figure.last for figure in [*waiting, *dense]] + [path.last for path in paths.values()])
    for whole in dense:
        name = whole.indicator
        recovered[name] = recover(whole, profiles[name], draws, seeded(seed, name))
    sums: dict[str, Sequence[str]] = {}
    apart: dict[str, list[Flag]] = {}
    tried: set[str] = set()

    def known(name: str | None) -> Path | None:
        return recovered[name].path if name in recovered else paths.get(name or "")

    while waiting:
        ready = [f for f in waiting if related.get(f.indicator) is None or known(related[f.indicator]) is not None]
        families: dict[tuple[str, str], list[Figures]] = {}
        for figure in ready:  # without a family each is by itself, though one may be called as it is
            families.setdefault((figure.family, "" if figure.family else figure.indicator), []).append(figure)
        for (family, alone), members in sorted(families.items()):
            leans = {f.indicator: known(related.get(f.indicator)) for f in members}
            found = recover_family(
                members,
                leans,
                profiles,
                crowds=crowds,
                until=until,
                draws=draws,
                seed=seeded(seed, "/".join([family or alone, *(f.indicator for f in members)])),
            )
            recovered |= {one.path.indicator: one for one in found}
        for name, of in sorted(parts.items()):
            if name in tried or not recovered.keys() >= {name, *of}:
                continue
            tried.add(name)
            of = sorted(of)
            rng = np.random.default_rng(seeded(seed, f"{name}/parts"))
            (group,) = [group for group in linked({**sums, name: of}) if name in group]
            tied = add_up(group, recovered, related, rng)
            if tied is not None:
                sums[name] = of
                recovered |= tied
                continue
            evidence = f"no months were found that state all figures and add up to {name}: {', '.join(of)} left apart"
            for part in of:
                flag = Flag(part, recovered[part].path.last, "apart", evidence, 0.0)
                apart.setdefault(part, []).append(flag)
        waiting = [f for f in waiting if f.indicator not in recovered]
    for name, flags in apart.items():
        one = recovered[name]
        recovered[name] = replace(one, path=replace(one.path, flags=(*one.path.flags, *flags)))
    return {name: Found.of(one.path, one.z) for name, one in recovered.items()}


def linked(sums: Mapping[str, Sequence[str]]) -> list[dict[str, Sequence[str]]]:
    """The sums in groups of those that share a member, directly or through others."""
    names = sorted({name for whole, of in sums.items() for name in (whole, *of)})
    links = [(whole, name) for whole, of in sums.items() for name in of]
    groups = together(names, links, [""] * len(names))
    return [{whole: of for whole, of in sums.items() if whole in group} for group in groups]


def seeded(seed: int, name: str) -> np.random.SeedSequence:
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.SeedSequence([seed, *np.frombuffer(digest[:16], dtype="<u4").tolist()])
