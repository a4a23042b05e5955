"""The comparison of the forms in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean

from glassgate.analysis.intervals import UNDECIDED, join_names, share_interval
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


def _judge(statement: Statement) -> str:
    """Say how a form does: worse if any measure says so, else better, else undecided."""
    verdicts = _verdicts(statement)
    return next((word for word in ("worse", "better") if word in verdicts), UNDECIDED)


def _is_one_enough(by_form: Mapping[str, Statement]) -> str:
    """Say which forms with one gate do worse than the full GRU, which better, and which neither."""
    names: dict[str, list[str]] = {"worse": [], "better": [], UNDECIDED: []}
    for name in ONE_GATE_FORMS:
        names[_judge(by_form[name])].append(name)
    said = [
        f"does {word} than two in the form {_quote(names[word], 'or')}"
        for word in ("better", "worse")
        if names[word]
    ]
    start = "At equal numbers of parameters, "
    if not said:
        return f"{start}whether one gate does better or worse than two is undecided in every form."
    rest = names[UNDECIDED]
    undecided = f"; in the form {_quote(rest, 'or')} it is undecided" if rest else ""
    return f"{start}one gate {join_names(said)}{undecided}."


def _missing_gate(by_form: Mapping[str, Statement]) -> str:
    """Say which of the two gates is missed."""
    gates = {"reset": NO_RESET.name, "update": NO_UPDATE.name}
    verdicts = {gate: _judge(by_form[name]) for gate, name in gates.items()}
    effects = {"worse": "hurts", "better": "helps"}
    said = [
        f"leaving out the {gate} gate {effects[verdict]}"
        if verdict in effects
        else f"whether leaving out the {gate} gate hurts is undecided"
        for gate, verdict in verdicts.items()
    ]
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _memory(results: Results) -> str:
    """Say which forms are above chance at the longest distance, over seeds, and which are not."""
    far, at_chance, open_ = longest_distance(results), [], []
    for form in results["forms"]:
        shares = far_accuracies(form)
        low, high = share_interval(shares)
        named = f"“{form['name']}” ({mean(shares):.3f})"
        if high <= CHANCE:
            at_chance.append(named)
        elif low <= CHANCE:
            open_.append(named)
    said = []
    if at_chance:
        said.append(
            f"Over {far}, the subject is remembered no better than chance by "
            f"{join_names(at_chance)}."
        )
    if open_:
        said.append(
            f"Over {far}, whether the subject is remembered better than chance is undecided for "
            f"{join_names(open_)}."
        )
    return " ".join(said) or f"Every form remembers the subject over {far} better than chance."


def _fixed_gates(statement: Statement) -> str:
    """Say whether gates have to move."""
    kl, far = _verdicts(statement)
    decided = {"predict": kl, "remember": far}
    said = [
        f"{verb} {verdict} than the full GRU"
        for verb, verdict in decided.items()
        if verdict != UNDECIDED
    ]
    rest = [verb for verb, verdict in decided.items() if verdict == UNDECIDED]
    undecided = f"whether they {' or '.join(rest)} better or worse than the full GRU is undecided"
    gates = "Gates that do not move, held at the means of each unit in a trained GRU"
    if not said:
        return f"{gates}: {undecided}."
    return f"{gates}, {join_names(said)}{f'; {undecided}' if rest else ''}."


def _quote(names: Iterable[str], conjunction: str = "and") -> str:
    return join_names((f"“{name}”" for name in names), conjunction)
