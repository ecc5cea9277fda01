"""The result of an evaluation: means with intervals, differences, refusals, warnings."""

from typing import Literal

from schemas.evaluation import Metric, Mode, Role
from schemas.record import Value

Unit = Literal["document", "excerpt"]


class Estimate(Value):
    """A mean over `n` questions of `document_count` documents, and the ends of its 95% interval.

    `value` is None where there is nothing to average; `low` and `high` where all is of one
    document (of one excerpt, where the comparison's `unit` is that) or no interval was asked for:
    then `document_count` is 0.
    """

    n: int
    document_count: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Contender(Value):
    """Who is compared: a model in its role, asked with (open) or without the source in view."""

    role: Role
    mode: Mode
    model: str

    @property
    def name(self) -> str:
        """The contender in two words; the model is named beside it where there is room."""
        return f"{self.role} {self.mode}-book"


class ContenderScore(Value):
    """One metric of one contender, over the questions that could be scored for it.

    `answer_count` of its answers could have been; the estimate's n of them were.
    """

    contender: Contender
    metric: Metric
    answer_count: int
    estimate: Estimate


class Power(Value):
    """What documents like these can show, in four of five comparisons.

    `detectable`: the smallest true difference whose interval would leave out 0. How many documents
    it takes for a difference of 0.03, and for one as large as was found (None: it is 0); 1,000,000
    is that many or more.
    """

    detectable: float
    documents_for_3_points: int
    documents_for_this: int | None

    @property
    def shows_any(self) -> bool:
        """Whether scores, which lie between 0 and 1, can be so far apart."""
        return self.detectable <= 1


class Difference(Value):
    """A contender less another in one metric, over the questions that were scored for both.

    `power` is None where there is no interval.
    """

    contender: Contender
    versus: Contender
    metric: Metric
    estimate: Estimate
    win_count: int
    tie_count: int
    loss_count: int
    power: Power | None = None


class GapClosed(Value):
    """How much of the teacher's lead over the baseline the tuned model has made up in a mode.

    Over the questions that were scored for all three. `share` has no value unless the whole
    interval of the `lead` lies above 0: a ratio to a lead that may be zero has no meaning.
    """

    mode: Mode
    metric: Metric
    lead: Estimate
    share: Estimate


class RefusalCount(Value):
    """How many of a contender's answers say that it cannot answer; of how many it is unknown.

    Unknown: no judge has said it, and the answer's language is not one whose wording is known.
    """

    contender: Contender
    answer_count: int
    refusal_count: int
    unknown_count: int = 0


class PairComparison(Value):
    """How often the judge called a contender's answer the better of two, without their names.

    `preference` averages 1 for a win, 0.5 for a tie, 0 for a loss. Inconsistent: the verdict turned
    with the order, which makes a tie. Failed: without a verdict, in no other count.
    """

    contender: Contender
    versus: Contender
    preference: Estimate
    win_count: int
    tie_count: int
    loss_count: int
    inconsistent_count: int
    failed_count: int


class Calibration(Value):
    """The judge's mean of a metric, corrected by the labels of a person (None: too few).

    `kappa`: how far judge and person agree on which answers are mostly right, beyond chance.
    """

    contender: Contender
    metric: Metric
    label_count: int
    judge_mean: float
    value: float | None
    low: float | None
    high: float | None
    kappa: float | None


class GroupComparison(Value):
    """The comparison over one group of questions: all that have an answer, a slice, a document."""

    name: str
    sample_count: int
    scores: tuple[ContenderScore, ...]
    differences: tuple[Difference, ...]
    gaps: tuple[GapClosed, ...]
    refusals: tuple[RefusalCount, ...]


class AnsweringCost(Value):
    """What a contender's answers cost. Times are of a call, waiting for others included.

    Tokens are those of an answer on average.

    None: the price is not known, or all answers came in batches.
    """

    contender: Contender
    answer_count: int
    usd_per_1000: float | None
    latency_p50_s: float | None
    latency_p95_s: float | None
    tokens_per_s: float | None
    prompt_tokens: float
    completion_tokens: float


class JudgeAgreement(Value):
    """How another judge scored the answers that the judge of the comparison scored.

    `mean_difference`: the other's mean less the judge's. `correlation` None: one of both scored
    all answers alike. `same_share` of the answers have the same value from both; None: an earlier
    version did not count them.
    """

    metric: Metric
    judge: str
    other: str
    answer_count: int
    correlation: float | None
    mean_difference: float
    same_share: float | None = None


class Comparison(Value):
    """RUN/evaluation/comparison.json.

    `answerable` leaves out the slice `unanswerable`, on which a refusal is right and would be
    scored as a failure. Documents hold answerable questions only, and have no intervals. `unit` is
    what the intervals take for independent: documents, or the excerpts of the only document.
    """

    contenders: tuple[Contender, ...]
    metrics: tuple[Metric, ...]
    judge_models: tuple[str, ...]
    embedding_models: tuple[str, ...]
    ragas_versions: tuple[str, ...]
    unit: Unit
    tie_below: float
    answerable: GroupComparison
    slices: tuple[GroupComparison, ...]
    documents: tuple[GroupComparison, ...]
    kinds: tuple[GroupComparison, ...] = ()
    languages: tuple[GroupComparison, ...] = ()
    pairs: tuple[PairComparison, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    warnings: tuple[str, ...]
    costs: tuple[AnsweringCost, ...] = ()
    student_notes: tuple[str, ...] = ()
    judge_agreements: tuple[JudgeAgreement, ...] = ()
