"""The results of the regulators experiment for readers: tables, charts, a page."""

from __future__ import annotations

from glassgate.analysis.agreement import distance_name
from glassgate.analysis.intervals import difference_cells
from glassgate.experiments.claim_table import HOW_JUDGED, claim_table
from glassgate.experiments.distances import distance_chart, distance_line
from glassgate.experiments.regulators.answers import answers
from glassgate.experiments.regulators.results import Form, Results
from glassgate.experiments.regulators.summary import longest_distance
from glassgate.pages.content import Chart, Line, Page, Section, Table


def tables(results: Results) -> tuple[Table, Table, Table]:
    """Return what each form reached, how far it is from the full GRU, and the claims."""
    claims = claim_table(results["claims"], ".4f")
    return _form_table(results), _comparison_table(results), claims


def charts(results: Results) -> dict[str, Chart]:
    """Return accuracy by distance, and the divergence of each form."""
    forms = results["forms"]
    highest = max(form["kl_bits"]["high"] for form in forms)
    return {
        "Which form remembers?": distance_chart(
            [distance_line(form["name"], form["by_distance"]) for form in forms]
        ),
        "How far from the truth?": Chart(
            "hidden size, at equal numbers of parameters",
            "KL divergence (bits per word)",
            (0.0, 1.08 * highest),
            tuple(_point(form, place) for place, form in enumerate(forms)),
            ticks=tuple(f"{form['hidden_size']} units" for form in forms),
        ),
    }


def page(results: Results) -> Page:
    """Return the content of the page."""
    plan, learned = results["plan"], round(results["forms"][0]["learned_numbers"], -3)
    forms, comparisons, claims = tables(results)
    by_distance, divergence = charts(results).values()
    lead = (
        "A GRU regulates its previous state twice: the update gate sets how much of it is kept, "
        "the reset gate how much of it the candidate sees. “Why it’s not just a single "
        "regulation (up or down) beats me!” says the document that this project grew from. Five "
        f"forms of the unit, each with about {learned:,} trainable parameters, were trained on "
        f"{plan['train']:,} sentences of one grammar for {plan['training']['epochs']} epochs, each "
        f"with {len(results['seeds'])} seeds."
    )
    conclusions = "\n\n".join([*answers(results), HOW_DIVERGENCE])
    explanation = "\n\n".join([HOW_FORMS, _form_list(results), HOW_REACHED])
    return Page(
        "Why not a single regulation?",
        lead,
        (
            Section("Is one gate enough?", conclusions, divergence),
            Section("Do two gates do better?", HOW_JUDGED, claims),
            Section("Which form remembers?", HOW_DISTANCE, by_distance),
            Section("How far is each form from the full GRU?", HOW_COMPARED, comparisons),
            Section("Results by form", explanation, forms),
        ),
        {},
    )


HOW_COMPARED = (
    "The table has each form's difference from the full GRU, the mean over seeds with its 95% "
    "interval (Student's t). Each interval is for one comparison alone, not for all together; "
    "where it contains 0, the comparison is undecided. All this holds for this language, this size "
    "and this length of training."
)
HOW_FORMS = (
    "h' = k h + (1 - k) n: the state is a blend of the previous state h and the candidate n, and "
    "the update gate sets the kept share k. In n = tanh(W x + b + r (U h + c)) the reset gate r "
    "sets how much of the previous state the candidate sees. MGU: Zhou et al. 2016, "
    "arXiv:1603.09420."
)
HOW_REACHED = (
    "The hidden size of each form is chosen so that all have the same number of trainable "
    "parameters. The means at which fixed gates are held come from a full GRU of the same hidden "
    "size; they are not trained and not counted. KL is the divergence from the grammar's exact "
    "distribution of the next word, in bits per word, 0 at best: the mean over seeds with its 95% "
    "interval. The other columns are forced-choice accuracy by the number of words between cue and "
    "target, pooled over seeds."
)
HOW_DISTANCE = (
    "“The boy who the dogs chased … hurt”: his, or her? Each choice comes with a twin in which the "
    "other word is right, so that a network without memory scores 0.5. No word between cue and "
    "target repeats the feature. Bars are 95% intervals of a share (Wilson) over the choices "
    "of all seeds; they ignore that the choices of one network resemble each other."
)
HOW_DIVERGENCE = (
    "The figure shows how far each form is from the truth: means over seeds; bars are 95% "
    "intervals (Student's t)."
)


# The pieces ---------------------------------------------------------------------------------------


def _point(form: Form, place: int) -> Line:
    kl = form["kl_bits"]
    return Line(form["name"], (float(place),), (kl["mean"],), (kl["low"],), (kl["high"],))


def _form_list(results: Results) -> str:
    return ". ".join(f"“{form['name']}”: {form['what']}" for form in results["forms"]) + "."


def _form_table(results: Results) -> Table:
    distances = results["forms"][0]["by_distance"]
    names = [distance_name(row["distance_min"], row["distance_max"]) for row in distances]
    rows = []
    for form in results["forms"]:
        kl = form["kl_bits"]
        interval = f"{kl['low']:.4f} to {kl['high']:.4f}"
        shares = (f"{row['accuracy']:.3f}" for row in form["by_distance"])
        sizes = (str(form["hidden_size"]), f"{form['learned_numbers']:,}")
        rows.append((form["name"], *sizes, f"{kl['mean']:.4f}", interval, *shares))
    return Table(("form", "units", "parameters", "KL", "95% interval", *names), rows)


def _comparison_table(results: Results) -> Table:
    far = longest_distance(results)
    columns = ("form", "KL", "95% interval", "verdict", far, "95% interval", "verdict")
    rows = [
        (
            statement["form"],
            *difference_cells(statement["kl_bits"], ".4f"),
            *difference_cells(statement["far"], ".3f"),
        )
        for statement in results["statements"]
    ]
    return Table(columns, rows)
