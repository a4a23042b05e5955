"""The comparison of the forms in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean

from glassgate.analysis.intervals import UNDECIDED, join_names, t_interval
from glassgate.experiments.regulators.networks import FIXED, NO_RESET, NO_UPDATE, SHARED_GATE
from glassgate.experiments.regulators.results import Results, Statement
from glassgate.experiments.regulators.summary import far_accuracies, longest_distance

ONE_GATE_FORMS = (NO_RESET.name, NO_UPDATE.name, SHARED_GATE.name)
CHANCE = 0.5  # accuracy of a guess between two words


def answers(results: Results) -> list[str]:
    """Say in sentences what the comparison says about the document's question."""
    by_form = {statement["form"]: statement for statement in results["statements"]}
    return [
        _is_one_enough(by_form),
        _missing_gate(by_form),
        _memory(results),
        _fixed_gates(by_form[FIXED.name]),
    ]


def _verdicts(statement: Statement) -> tuple[str, str]:
    return statement["kl_bits"]["verdict"], statement["far"]["verdict"]


def _is_one_enough(by_form: Mapping[str, Statement]) -> str:
    """Say which forms with one gate are not shown to do worse than the full GRU, and which are."""
    worse = [name for name in ONE_GATE_FORMS if "worse" in _verdicts(by_form[name])]
    enough = [name for name in ONE_GATE_FORMS if name not in worse]
    better = [name for name in enough if "better" in _verdicts(by_form[name])]
    if not enough:
        return (
            f"At equal numbers of parameters, one gate is not enough: {_quote(worse)} did "
            "worse than two."
        )
    sentence = (
        "At equal numbers of parameters, one gate is not shown to do worse than two in the form "
        f"{_quote(enough, 'or')}"
    )
    sentence += f", but does worse in the form {_quote(worse, 'or')}." if worse else "."
    return sentence + (f" Better than the full GRU: {_quote(better)}." if better else "")


def _missing_gate(by_form: Mapping[str, Statement]) -> str:
    """Say which of the two gates is missed."""
    gates = {"reset": NO_RESET.name, "update": NO_UPDATE.name}
    missed = [gate for gate, name in gates.items() if "worse" in _verdicts(by_form[name])]
    if len(missed) == 1:
        return f"Of the two gates, only leaving out the {missed[0]} gate is shown to hurt."
    if missed:
        return "Leaving out either gate hurts."
    return "Leaving out either gate is not shown to hurt."


def _memory(results: Results) -> str:
    """Say which forms are above chance at the longest distance, over seeds, and which are not."""
    far, at_chance = longest_distance(results), []
    for form in results["forms"]:
        shares = far_accuracies(form)
        if t_interval(shares)[0] <= CHANCE:
            at_chance.append(f"“{form['name']}” ({mean(shares):.3f})")
    if not at_chance:
        return f"Every form remembers the subject over {far} better than chance."
    return (
        f"Over {far}, the subject is not shown to be remembered better than chance by "
        f"{join_names(at_chance)}."
    )


def _fixed_gates(statement: Statement) -> str:
    """Say whether gates have to move."""
    kl, far = _verdicts(statement)
    return (
        "Gates that do not move, held at the means of each unit in a trained GRU, "
        f"{_compare('predict', kl)} and {_compare('remember', far)}."
    )


def _compare(verb: str, verdict: str) -> str:
    if verdict == UNDECIDED:
        return f"are not shown to {verb} better or worse than the full GRU"
    return f"{verb} {verdict} than the full GRU"


def _quote(names: Iterable[str], conjunction: str = "and") -> str:
    return join_names((f"“{name}”" for name in names), conjunction)
