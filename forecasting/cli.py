"""The command `cumulus` for files: decumulate, headline, forecast, bulletins, simulate.

The service's commands join it in `jobs.cli`.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but degraded. Errors go to standard error. Everything heavy is
imported by the command that needs it, so that help is instant.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from forecasting.errors import CumulusError, InputError, ModelError, Problem
from forecasting.outputs import check_outputs, write_outputs
from forecasting.progress import progress
from forecasting.sampling import FEWEST_JOINT_DRAWS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from forecasting.decumulation import Decumulation

__all__ = ["DEGRADED", "LOG", "app", "guarded"]

DEGRADED = 3
LOG = "cumulus"
"""Name of our handler on the root logger."""

app = typer.Typer(
    name="cumulus",
    help="Monthly truth, honest odds and absorption trajectories out of cumulative official statistics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Input = Annotated[Path, typer.Argument(metavar="IN.csv", help="Input table; bad rows are named by line.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="OUT.csv", help="Where the result goes.")]
Horizon = Annotated[int, typer.Option(min=1, max=120, help="Periods ahead.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Draws = Annotated[int, typer.Option(min=50, max=100_000, help="Draws per indicator.")]
ForecastDraws = Annotated[int, typer.Option(min=FEWEST_JOINT_DRAWS, max=100_000, help="Joint draws per series.")]
FanPlot = Annotated[Path | None, typer.Option("--plot", metavar="FILE.png|html", help="Also draw what is to come.")]


@app.callback()
def _threads() -> None:
    """Monthly truth, honest odds and absorption trajectories out of cumulative official statistics."""
    # more than one BLAS thread a process slows small problems down, and must be set before numpy is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@app.command()
def decumulate(
    source: Input,
    output: Output,
    draws_out: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="Also keep the draws.")] = None,
    weights: Annotated[
        str,
        typer.Option(metavar="learned|equal|FILE.csv", help="Base weights; a file has indicator,month,weight."),
    ] = "learned",
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png|html", help="Also draw the months, what was published and the flags."),
    ] = None,
    adjusted_out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Also write seasonally adjusted levels.")
    ] = None,
    adjust: Annotated[
        Literal["structural", "x13"] | None, typer.Option(help="How: structural if not said; x13 needs that extra.")
    ] = None,
    draws: Draws = 500,
    seed: Seed = 0,
) -> None:
    """Monthly growth and levels, with bands, out of published cumulative figures."""
    import numpy as np
    import pandas as pd

    from forecasting.decumulation import decumulate_in_chunks
    from forecasting.publishing import csv_bytes
    from forecasting.sources import read_observations, read_weights

    if adjust is not None and adjusted_out is None:
        raise typer.BadParameter("--adjust says how, --adjusted-out FILE.csv says where: give both")
    check_outputs([source, Path(weights)], output, draws_out, plot, adjusted_out)
    kind = _picture_kind(plot)
    table = read_observations(source)
    _check_panels(table["indicator"].nunique(), kind)
    chosen = weights if weights in ("learned", "equal") else read_weights(Path(weights))
    months: list[pd.DataFrame] = []
    adjusted: list[pd.DataFrame] = []
    kept: dict[str, np.ndarray] = {}
    notes: list[str] = []
    left_out: list[str] = []
    with progress("decumulate", total=table["indicator"].nunique()) as advance:
        for part in decumulate_in_chunks(table, weights=chosen, draws=draws, seed=seed, workers=_workers()):
            months.append(part.monthly)
            notes += part.flag_summary()
            if draws_out is not None:
                kept |= part.arrays()
            if adjusted_out is not None:
                tables, refused = _adjusted(part, adjust or "structural")
                adjusted, left_out = adjusted + tables, left_out + refused
            for _ in part.paths:
                advance()
    monthly = pd.concat(months, ignore_index=True).sort_values("indicator", kind="stable", ignore_index=True)
    outputs = {output: csv_bytes(monthly)}
    if draws_out is not None:
        outputs[draws_out] = _npz(kept, np.savez)
    if plot is not None:
        from forecasting.pictures import draw_months

        outputs[plot] = draw_months(monthly, table, kind)
    if adjusted_out is not None and adjusted:
        outputs[adjusted_out] = csv_bytes(pd.concat(adjusted, ignore_index=True))
    write_outputs(outputs)
    for line in [*sorted(notes), *left_out]:
        typer.echo(line, err=True)
    if left_out:
        raise typer.Exit(DEGRADED)


@app.command()
def headline(
    source: Input,
    output: Output,
    horizon: Horizon,
    pmf_out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Probabilities of the next release on its grid.")
    ] = None,
    plot: FanPlot = None,
    draws: ForecastDraws = 1000,
    seed: Seed = 0,
) -> None:
    """The next cumulative rates that will be published, as quantiles and odds."""
    from forecasting.decumulation import decumulate as recover
    from forecasting.outlook import make_outlook
    from forecasting.publishing import csv_bytes
    from forecasting.sources import read_observations

    check_outputs([source], output, pmf_out, plot)
    kind = _picture_kind(plot)
    table = read_observations(source)
    _check_panels(table["indicator"].nunique(), kind)
    months = horizon + horizon // 11 + 2
    recovered = recover(table, draws=draws, seed=seed)
    with progress("fit", total=sum(not path.sparse for path in recovered.paths.values())) as advance:
        outlook = make_outlook(
            recovered, table, horizon=months, workers=_workers(), progress=lambda _done, _total: advance()
        )
    columns = ["indicator", "origin", "period", "mean", "q05", "q25", "q50", "q75", "q95"]
    coming = outlook.headlines.groupby("indicator").head(horizon)[columns]
    outputs = {output: csv_bytes(coming)}
    if pmf_out is not None:
        outputs[pmf_out] = csv_bytes(outlook.odds[["indicator", "period", "value", "probability"]])
    if plot is not None:
        from forecasting.pictures import draw_headlines

        outputs[plot] = draw_headlines(table, coming, kind)
    write_outputs(outputs)


@app.command()
def forecast(
    source: Input,
    output: Output,
    horizon: Horizon,
    preset: Annotated[
        Literal["fast", "default", "best"], typer.Option(help="Models that take part, by the time they may take.")
    ] = "default",
    calendar: Annotated[
        Literal["none", "china"], typer.Option(help="Whose holidays move the months; adds models that know them.")
    ] = "none",
    plot: FanPlot = None,
    draws: ForecastDraws = 1000,
    seed: Seed = 0,
) -> None:
    """Forecasts of any monthly panel (unique_id, ds, y), each by the model that was chosen for it."""
    from forecasting.evaluation import forecast_panel
    from forecasting.models import CALENDAR
    from forecasting.publishing import csv_bytes
    from forecasting.sources import read_panel

    check_outputs([source], output, plot)
    kind = _picture_kind(plot)
    panel = read_panel(source)
    _check_panels(panel["unique_id"].nunique(), kind)
    with progress("fit", total=panel["unique_id"].nunique()) as advance:
        result = forecast_panel(
            panel,
            horizon,
            preset=preset,
            also=CALENDAR if calendar == "china" else (),
            draws=draws,
            seed=seed,
            workers=_workers(),
            progress=lambda _done, _total: advance(),
        )
    outputs = {output: csv_bytes(result.quantiles.assign(ds=result.quantiles["ds"].dt.strftime("%Y-%m-%d")))}
    if plot is not None:
        from forecasting.pictures import draw_forecasts

        outputs[plot] = draw_forecasts(panel, result.quantiles, kind)
    write_outputs(outputs)
    for line in [*result.left_out(), *result.unmodelled()]:
        typer.echo(line, err=True)
    if result.unmodelled():
        raise typer.Exit(DEGRADED)


@app.command("read-bulletin")
def read_bulletin(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Bulletins: text or HTML, UTF-8 or GB18030.")],
    output: Output,
    doubtful_out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Also write the figures that a person should look at.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom texts speak of that name no place: 包头市, 全国.")
    ] = None,
    year: Annotated[int | None, typer.Option(min=1949, max=2100, help="Of windows that name none.")] = None,
) -> None:
    """The figures of Chinese statistical bulletins; what is not sure goes to a file of its own."""
    import pandas as pd

    from forecasting.observations import REQUIRED
    from forecasting.sources.bulletin import figures_csv, read_bulletin_file

    check_outputs(files, output, doubtful_out)
    read, errors = [], []
    for path in files:
        try:
            sure, doubtful = read_bulletin_file(path, year=year, region=region)
            note = sure["sentence"].str.split().str.join(" ")
            read.append((sure[list(REQUIRED)].assign(source=path.name, note=note), doubtful))
        except InputError as error:
            errors.append(str(error))
    if errors:
        raise CumulusError("\n".join(errors))
    fruitless = any(sure.empty and doubtful.empty for sure, doubtful in read)
    sure, doubtful = (pd.concat(frames, ignore_index=True) for frames in zip(*read, strict=True))
    sure = sure.drop_duplicates(list(REQUIRED))  # what several texts say alike is one figure
    outputs = {output: figures_csv(sure)}
    if doubtful_out is not None:
        outputs[doubtful_out] = figures_csv(doubtful)
    write_outputs(outputs)
    typer.echo(f"{len(sure)} figures, {len(doubtful)} doubtful", err=True)
    if fruitless:  # which its reader has named
        raise typer.Exit(DEGRADED)


@app.command()
def simulate(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of tables and pictures.")
    ] = None,
    assumptions: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Assumption file; by default the packaged one.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="IN.csv", help="Published figures; by default the packaged ones.")
    ] = None,
    catalog: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Says which indicator leans on which.")
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Fix a parameter in every scenario; may be repeated."),
    ] = None,
    draws: Annotated[int, typer.Option(min=64, max=1_048_576, help="Draws; a power of two is best.")] = 8192,
    seed: Seed = 0,
    list_claims: Annotated[bool, typer.Option(help="Say what is done with every published claim, and stop.")] = False,
) -> None:
    """The projection alone: capacity, supply and demand absorption over ten years, by scenario."""
    from forecasting.projection import load_assumptions, with_values
    from forecasting.simulation import claim_lines, simulated_files

    chosen = with_values(load_assumptions(assumptions), _settings(fixed or []))
    if list_claims:
        for line in claim_lines(chosen) or ["no claims: the assumption file states none"]:
            typer.echo(line)
        return
    if output is None:
        raise typer.BadParameter("expected a folder for the tables", param_hint="--output")
    there = next(path for path in (output, *output.parents) if path.exists())
    if not there.is_dir():
        raise InputError(str(there), [Problem("", "is a file; name a folder, which is made if need be")])
    with progress("simulate", total=len(chosen.scenarios) + 2) as advance:
        contents, degraded = simulated_files(
            chosen, figures, catalog, draws=draws, seed=seed, workers=_workers(), progress=lambda _d, _t: advance()
        )
    try:
        for folder in {(output / name).parent for name in contents}:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(output), [Problem("", f"cannot be made: {error.strerror}")]) from error
    write_outputs({output / name: content for name, content in contents.items()})
    for line in degraded:
        typer.echo(line, err=True)
    if degraded:
        raise typer.Exit(DEGRADED)


def _settings(texts: list[str]) -> dict[str, str]:
    """NAME=VALUE texts as a table."""
    strange = [text for text in texts if "=" not in text]
    if strange:
        raise typer.BadParameter(f"{strange[0]!r}; expected NAME=VALUE", param_hint="--set")
    out: dict[str, str] = {}
    for name, _, value in (text.partition("=") for text in texts):
        if name.strip() in out:
            raise typer.BadParameter(f"{name.strip()} is given twice; once is enough", param_hint="--set")
        out[name.strip()] = value.strip()
    return out


def guarded(command: Callable[[], object]) -> None:
    """Run a command; an error of ours, or a folder's or disk's, becomes its message and exit code 1, no traceback.

    Our warnings are lines on standard error; a command that keeps a log puts its own handler in place. Characters that
    the locale does not have are shown as escapes.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.addFilter(logging.Filter("forecasting"))
    handler.set_name(LOG)
    logging.getLogger().addHandler(handler)
    try:
        command()
    except CumulusError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{where}{error.strerror or error}; cumulus doctor says what an installation lacks\n")
        raise SystemExit(1) from None


def _workers() -> int:
    return min(2, os.cpu_count() or 1)


def _picture_kind(path: Path | None) -> str:
    """The kind of a picture that is wanted, "" if none is."""
    if path is None:
        return ""
    from forecasting.pictures import picture_kind

    return picture_kind(path)


def _check_panels(panels: int, kind: str) -> None:
    """Refuse more series than a picture that is wanted holds."""
    if kind:
        from forecasting.pictures import check_panels

        check_panels(panels, kind)


def _adjusted(result: Decumulation, method: Literal["structural", "x13"]) -> tuple[list[pd.DataFrame], list[str]]:
    """Seasonally adjusted levels, and why some indicators have none."""
    from forecasting.decumulation import seasonally_adjust

    tables, left_out = [], []
    for path in result.paths.values():
        try:
            tables.append(seasonally_adjust(path, method=method, seed=result.seed))
        except ModelError as error:
            left_out.append(str(error))
    return tables, left_out


def _npz(arrays: dict[str, np.ndarray], save: Callable[..., None]) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()
