"""The answers of the regulators experiment as a person reads them: sentences, tables, charts.

Everything here is made of what `results.json` holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from glassgate.analysis.agreement import distance_chart, distance_line, distance_name, pooled
from glassgate.analysis.intervals import APART, difference, listed, signed, t_interval
from glassgate.experiments.regulators.networks import BOTH, FIXED, NO_RESET, NO_UPDATE, ONE
from glassgate.pages.content import Chart, Line, Page, Section, Table

Results = Mapping[str, Any]

ONE_GATE = (NO_RESET.name, NO_UPDATE.name, ONE.name)
CHANCE = 0.5


def statements(results: Results) -> list[dict[str, Any]]:
    """Compare each simpler form with the full GRU, seed by seed.

    A form is worse or better where the 95% interval of the mean difference over seeds leaves out
    0; else the two are not told apart. `far` is accuracy at the longest distance.
    """
    forms = {form["name"]: form for form in results["forms"]}
    full = forms.pop(BOTH.name)
    return [
        {
            "form": name,
            "kl_bits": difference(_divergences(form), _divergences(full), ("worse", "better")),
            "far": difference(_far(form), _far(full), ("better", "worse")),
        }
        for name, form in forms.items()
    ]


def answers(results: Results) -> list[str]:
    """Say in sentences what the comparison says about the seed's question."""
    said = {one["form"]: one for one in results["statements"]}
    return [_enough(said), _left_out(said), _memory(results), _fixed(said[FIXED.name])]


def tables(results: Results) -> tuple[Table, Table]:
    """Return what each form reached, and how far it is from the full GRU."""
    return _reached(results), _compared(results)


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance, and the divergence of each form."""
    forms = results["forms"]
    highest = max(form["kl_bits"]["high"] for form in forms)
    points = tuple(
        Line(form["name"], (float(i),), *((form["kl_bits"][v],) for v in ("mean", "low", "high")))
        for i, form in enumerate(forms)
    )
    return {
        "Which form remembers?": distance_chart(
            [distance_line(form["name"], form["by_distance"]) for form in forms]
        ),
        "How far from the truth?": Chart(
            "hidden size, for as many learned numbers",
            "KL divergence (bits a word)",
            (0.0, 1.08 * highest),
            points,
            ticks=tuple(f"{form['hidden_size']} units" for form in forms),
        ),
    }


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, learned = results["plan"], round(results["forms"][0]["learned_numbers"], -3)
    reached, compared = tables(results)
    by_distance, divergence = charts(results).values()
    lead = (
        "A GRU regulates its previous state twice: the update gate says how much of it is kept, "
        "the reset gate how much of it the new content sees. “Why it’s not just a single "
        "regulation (up or down) beats me!” says the document that this project grew from. Five "
        f"forms of the unit, of about {learned:,} learned numbers each, learned "
        f"{plan['train']:,} sentences of one grammar in {plan['training']['epochs']} epochs, each "
        f"form {len(results['seeds'])} times."
    )
    facts = {"command": results["command"], "seeds": listed(map(str, results["seeds"]))}
    return Page(
        "Why not a single regulation?",
        lead,
        (
            Section(
                "Is one gate enough?", "\n\n".join([*answers(results), HOW_COMPARED]), compared
            ),
            Section("What each form reached", "\n\n".join(_explained(results)), reached),
            Section("Which form remembers?", HOW_DISTANCE, by_distance),
            Section("How far from the truth?", HOW_DIVERGENCE, divergence),
        ),
        facts | results["versions"],
    )


HOW_COMPARED = (
    "The table has each form's difference from the full GRU, mean over seeds with its 95% interval "
    "(Student's t), each interval for itself; where one holds 0, the two are not told apart. All "
    "this holds for this language, this size and this length of training."
)
HOW_FORMS = (
    "h' = k h + (1 - k) n: the state is a blend of the one before and of new content n, the kept "
    "share k being the update gate's; in n = tanh(W x + b + r (U h + c)) the reset gate r says how "
    "much of the state before n is made of. MGU: Zhou et al. 2016, arXiv:1603.09420."
)
HOW_REACHED = (
    "The hidden size of each form is chosen so that as many numbers are learned; the means that "
    "fixed gates are held at, taken from a full GRU of their own size, are given and not counted. "
    "KL is the divergence from the grammar's exact distribution of the next word, in bits, 0 at "
    "best, mean over seeds with its 95% interval; the other columns are shares of forced choices "
    "won, by the number of words between the two ends of a dependency, all seeds together."
)
HOW_DISTANCE = (
    "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with a twin in which the "
    "other word is right, so that without memory one half is won. No word between the two ends "
    "shows the feature again. Bars are 95% intervals of a share (Wilson) over the choices of all "
    "seeds; they do not know that the choices of one network resemble each other."
)
HOW_DIVERGENCE = "Mean over seeds; bars are 95% intervals (Student's t)."


# The pieces ---------------------------------------------------------------------------------------


def _divergences(form: Mapping[str, Any]) -> list[float]:
    return [run["kl_bits"] for run in form["runs"]]


def _farthest(results: Results) -> str:
    """Name the longest distance that there is."""
    row = results["forms"][0]["by_distance"][-1]
    return distance_name(row["distance_min"], row["distance_max"])


def _far(form: Mapping[str, Any]) -> list[float]:
    """Give each seed's accuracy at the longest distance there is."""
    return [pooled(run["agreement"])[-1]["accuracy"] for run in form["runs"]]


def _verdicts(said: Mapping[str, Any]) -> tuple[str, str]:
    return said["kl_bits"]["verdict"], said["far"]["verdict"]


def _enough(said: Mapping[str, Any]) -> str:
    """Say which forms with one gate are not shown to do worse than the full GRU, and which do."""
    worse = [name for name in ONE_GATE if "worse" in _verdicts(said[name])]
    enough = [name for name in ONE_GATE if name not in worse]
    better = [name for name in enough if "better" in _verdicts(said[name])]
    if not enough:
        return f"With as many learned numbers, one gate was not enough: {_quoted(worse)} did worse."
    sentence = (
        "With as many learned numbers, one gate does no worse than two, as far as these seeds can "
        f"tell, as {_quoted(enough)}"
    )
    sentence += f", and worse as {_quoted(worse)}." if worse else "."
    return sentence + (f" Better than the full GRU did {_quoted(better)}." if better else "")


def _left_out(said: Mapping[str, Any]) -> str:
    """Say which of the two gates is missed."""
    gates = {"reset": NO_RESET.name, "update": NO_UPDATE.name}
    missed = [gate for gate, name in gates.items() if "worse" in _verdicts(said[name])]
    if len(missed) == 1:
        return f"Of the two it is the {missed[0]} gate that is missed when it is left out."
    if missed:
        return "Each of the two is missed when it is left out."
    return "Neither is missed, as far as these seeds can tell."


def _memory(results: Results) -> str:
    """Say who is above chance at the longest distance, over seeds, and who is not."""
    lost, far = [], _farthest(results)
    for form in results["forms"]:
        shares = _far(form)
        if t_interval(shares)[0] <= CHANCE:
            lost.append(f"“{form['name']}” ({mean(shares):.3f})")
    if not lost:
        return f"Every form remembers a subject over {far} better than chance."
    return (
        f"Over {far} a subject is not remembered better than chance, as far as these seeds can "
        f"tell, by {listed(lost)}."
    )


def _quoted(names: Iterable[str]) -> str:
    return listed(f"“{name}”" for name in names)


def _fixed(said: Mapping[str, Any]) -> str:
    """Say whether gates have to move."""
    kl, far = _verdicts(said)
    return (
        "Gates that do not move, but hold each unit at what a trained GRU's gates are on average, "
        f"predict {_than(kl)} and remember {_than(far)}."
    )


def _than(verdict: str) -> str:
    if verdict == APART:
        return "neither better nor worse than the full GRU, as far as these seeds can tell"
    return f"{verdict} than the full GRU"


def _explained(results: Results) -> list[str]:
    forms = ". ".join(f"“{form['name']}”: {form['what']}" for form in results["forms"])
    return [HOW_FORMS, f"{forms}.", HOW_REACHED]


def _reached(results: Results) -> Table:
    rows = results["forms"][0]["by_distance"]
    names = [distance_name(row["distance_min"], row["distance_max"]) for row in rows]
    columns = ("form", "units", "learned", "KL and interval", *names)
    rows = []
    for form in results["forms"]:
        kl = form["kl_bits"]
        divergence = f"{kl['mean']:.4f} ± {kl['high'] - kl['mean']:.4f}"
        shares = (f"{row['accuracy']:.3f}" for row in form["by_distance"])
        sizes = (str(form["hidden_size"]), f"{form['learned_numbers']:,}")
        rows.append((form["name"], *sizes, divergence, *shares))
    return Table(columns, rows)


def _compared(results: Results) -> Table:
    far = _farthest(results)
    columns = ("form", "KL", "95% interval", "so it is", far, "95% interval", "so it is")
    rows = [
        (said["form"], *signed(said["kl_bits"], ".4f"), *signed(said["far"], ".3f"))
        for said in results["statements"]
    ]
    return Table(columns, rows)
