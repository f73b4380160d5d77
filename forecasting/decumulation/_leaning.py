"""Sparse indicators: which one each leans on, which of them know of each other, and their recovery in that order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from forecasting.decumulation._adding_up import add_up
from forecasting.decumulation._figures import Figures
from forecasting.decumulation._paths import Path
from forecasting.decumulation._sparse import Sparse, recover_family
from forecasting.decumulation._weights import Profile
from forecasting.errors import InputError, Problem
from forecasting.parallel import Keep, Workers, in_parallel

__all__ = ["lean_on", "leans_on", "seeded", "together"]


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
    paths: Mapping[str, Path],
    profiles: Mapping[str, Profile],
    until: int | None,
    draws: int,
    seed: int,
    workers: Workers,
    keep: Keep | None,
) -> dict[str, Path]:
    """Recover sparse indicators; those that know of each other (a family, a related one, parts) together.

    Raises:
        InputError: A circle of related indicators.
    """
    by_name = {figure.indicator: figure for figure in sparse}
    _check_start(by_name, related)
    adding = {whole: tuple(of) for whole, of in parts.items() if of and by_name.keys() >= set(of)}
    links = [*related.items(), *((of[0], name) for whole, of in adding.items() for name in (whole, *of))]
    families = [figure.family for _, figure in sorted(by_name.items())]
    groups = together(sorted(by_name), links, families)
    tasks = []
    for names in groups:
        own = {whole: of for whole, of in adding.items() if set(of) <= set(names)}
        leans = {name: related[name] for name in names if name in related}
        needed = {*leans.values(), *own}
        tasks.append((
            [by_name[name] for name in names], leans, own,
            {name: path for name, path in paths.items() if name in needed},
            {name: profiles[name] for name in names}, until, draws, seed,
        ))  # fmt: skip
    out: dict[str, Path] = {}
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
    paths: Mapping[str, Path],
    profiles: Mapping[str, Profile],
    until: int | None,
    draws: int,
    seed: int,
) -> dict[str, Path]:
    """Recover sparse indicators family by family, those that others lean on first."""
    known: dict[str, Path] = dict(paths)
    done: dict[str, Path] = {}
    recovered: dict[str, Sparse] = {}
    while waiting:
        ready = [f for f in waiting if related.get(f.indicator) is None or related[f.indicator] in known]
        families: dict[tuple[str, str], list[Figures]] = {}
        for figure in ready:  # without a family each is by itself, though one may be called as it is
            families.setdefault((figure.family, "" if figure.family else figure.indicator), []).append(figure)
        for (family, alone), members in sorted(families.items()):
            leans = {f.indicator: known.get(related.get(f.indicator, "")) for f in members}
            reach = max([f.last for f in members] + [path.last for path in leans.values() if path is not None])
            found = recover_family(
                members,
                leans,
                profiles,
                until=reach if until is None else until,
                draws=draws,
                seed=seeded(seed, "/".join([family or alone, *(f.indicator for f in members)])),
            )
            recovered |= {one.path.indicator: one for one in found}
            known |= {one.path.indicator: one.path for one in found}
            done |= {one.path.indicator: one.path for one in found}
        for whole, of in sorted(parts.items()):
            if whole in known and set(of) <= set(recovered) and not set(of).isdisjoint(f.indicator for f in ready):
                rng = np.random.default_rng(seeded(seed, f"{whole}/parts"))
                tied = {path.indicator: path for path in add_up([recovered[n] for n in sorted(of)], known[whole], rng)}
                known |= tied
                done |= tied
        waiting = [f for f in waiting if f.indicator not in done]
    return done


def seeded(seed: int, name: str) -> np.random.SeedSequence:
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.SeedSequence([seed, *np.frombuffer(digest[:16], dtype="<u4").tolist()])
