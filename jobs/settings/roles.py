"""Who plays which role: the model, and the server that it is asked at."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, get_args

from engine.servers import OWN_SERVER
from engine.wire.endpoints import Endpoint, OutputLimitName
from engine.wire.prompt_cache import CacheRules, cache_rules
from jobs.settings.endpoints import read_proxy
from jobs.settings.keys import is_openai, missing_key, read_account, read_key
from jobs.settings.resolve import API_KEY_VARIABLE
from schemas.parameters import NO_PARAMETERS
from schemas.requests import Json, Manner
from schemas.settings import JsonForm, KeyHeader, RoleSettings, RunSettings

RoleName = Literal["baseline", "tuned", "judge", "embeddings"]  # the teacher's is the run's own

ROLE_NAMES: tuple[RoleName, ...] = get_args(RoleName)
JUDGE_ROLES: tuple[RoleName, ...] = ("judge", "embeddings")  # asked about answers that there are
FIRST_FORM: JsonForm = "json_schema"  # of JSON; it falls to the next by itself
EMBEDDING_MODEL = "text-embedding-3-small"
STUDENT_SERVER = "student"  # the name of the server that is started for a student tuned here


class RoleModel(NamedTuple):
    """A model, the name of the server that it is asked at, and what is added to the bodies."""

    model: str
    server: str = OWN_SERVER
    parameters: Mapping[str, Json] = NO_PARAMETERS

    @property
    def manner(self) -> Manner:
        """How its requests are asked."""
        return Manner(self.server, self.parameters)


class RoleAddress(NamedTuple):
    """How a role is asked that has an address of its own. `key_variable` empty: without a key."""

    base_url: str
    key_variable: str
    output_limit_name: OutputLimitName
    requests_per_minute: float | None
    tokens_per_minute: float | None
    key_header: KeyHeader = "auto"


def role_settings(settings: RunSettings) -> dict[RoleName, RoleSettings]:
    """The table of each role."""
    return {
        "baseline": settings.baseline,
        "tuned": settings.tuned,
        "judge": settings.judge,
        "embeddings": settings.embeddings,
    }


def judge_of(settings: RunSettings) -> RoleModel:
    """Who judges the answers. The teacher's model judges with the teacher's parameters."""
    judge, teacher = settings.judge, settings.teacher
    parameters = judge.parameters
    if judge.model in ("", teacher.model) and not parameters:
        parameters = teacher.parameters
    return RoleModel(judge.model or teacher.model, server_of(settings, "judge"), parameters)


def rows_judge(settings: RunSettings) -> str:
    """The model that judges rows; empty: none does."""
    return judge_of(settings).model if settings.judge.of_rows else ""


def judge_cache(settings: RunSettings) -> CacheRules:
    """How the judge's prompts are laid out for the prompt cache of its provider."""
    if settings.teacher.is_local:
        return CacheRules()
    address, judge = own_address(settings, "judge"), judge_of(settings)
    return cache_rules(
        settings.teacher.prompt_cache,
        base_url=(address or _teachers_address(settings)).base_url,
        model=judge.model,
        prices=settings.prices,
        parameters=judge.parameters,
        requests_per_minute=settings.limits.requests_per_minute,
    )


def embeddings_of(settings: RunSettings) -> RoleModel:
    """Who embeds texts for the evaluation."""
    return RoleModel(
        settings.embeddings.model or EMBEDDING_MODEL,
        server_of(settings, "embeddings"),
        settings.embeddings.parameters,
    )


def question_embeddings_of(settings: RunSettings) -> RoleModel | None:
    """The model that embeds the questions of a dataset, and its address; None: they are not.

    A model of its own: another one for an evaluation buys nothing for the dataset.
    """
    model = settings.questions.embedding_model
    if not model:
        return None
    server = server_of(settings, "embeddings")
    return RoleModel(model, server, settings.embeddings.parameters)


def server_of(settings: RunSettings, role: RoleName) -> str:
    """The name of a role's server: that of the first role that is asked in the same way."""
    if is_served_here(settings, role):
        return STUDENT_SERVER
    address = own_address(settings, role)
    if address is None:
        return OWN_SERVER
    return next(each for each in ROLE_NAMES if own_address(settings, each) == address)


def is_served_here(settings: RunSettings, role: RoleName) -> bool:
    """Whether a role is played by a student that was tuned here, and is served for the call."""
    given = role_settings(settings)[role]
    is_students = role in ("baseline", "tuned") and settings.student.trainer == "local"
    return is_students and not given.model and given.base_url is None


def own_address(settings: RunSettings, role: RoleName) -> RoleAddress | None:
    """How a role is asked; None: as the teacher is.

    The tuned student is served where it was tuned (`student.base_url`), and so is the model that
    it was made of, if nothing else is said.
    """
    given, teacher = role_settings(settings)[role], _teachers_address(settings)
    base_url = given.base_url or _students_base_url(settings, role)
    if base_url is None and settings.teacher.is_local:
        return None  # it is asked as the run's own model, which has no address yet
    address = RoleAddress(
        base_url=base_url or teacher.base_url,
        key_variable=given.key_variable or _usual_key(settings, given, base_url, teacher),
        output_limit_name=given.output_limit_name or teacher.output_limit_name,
        requests_per_minute=given.requests_per_minute,
        tokens_per_minute=given.tokens_per_minute,
        key_header=_key_header(settings, given, base_url, teacher),
    )
    return None if address == teacher and not settings.teacher.is_local else address


def read_role_endpoints(
    settings: RunSettings, environment: Mapping[str, str], roles: Collection[RoleName]
) -> dict[str, Endpoint]:
    """The endpoints of those of these roles that have one of their own, by name of the server.

    Raises:
        AuthError: a key is needed and is not in the environment; says whose, and in which variable.
    """
    endpoints = {}
    for role in roles:
        if is_served_here(settings, role):
            continue
        if (address := own_address(settings, role)) is not None:
            is_named = bool(role_settings(settings)[role].key_variable)
            is_named = is_named or address.key_variable not in ("", API_KEY_VARIABLE)
            endpoint = _read_endpoint(role, address, environment, is_key_needed=is_named)
            endpoints[server_of(settings, role)] = endpoint
    return endpoints


def _read_endpoint(
    role: RoleName,
    address: RoleAddress,
    environment: Mapping[str, str],
    *,
    is_key_needed: bool,
) -> Endpoint:
    variable, base_url = address.key_variable, address.base_url
    api_key = read_key(variable, environment) if variable else ""
    if not api_key and (is_key_needed or is_openai(base_url)):
        raise missing_key(role, base_url, variable)
    return Endpoint(
        base_url,
        api_key,
        address.output_limit_name,
        address.requests_per_minute,
        address.tokens_per_minute,
        output=FIRST_FORM,
        output_setting="evaluation.judge_output",  # of all roles the judge alone asks for JSON
        account=read_account(environment, variable),
        proxy=read_proxy(base_url, environment),
        key_header=address.key_header,
    )


def _teachers_address(settings: RunSettings) -> RoleAddress:
    """Of several endpoints the first."""
    teacher = settings.teacher
    if settings.endpoints:
        first = settings.endpoints[0]
        name, header = first.output_limit_name, first.key_header
        return RoleAddress(first.base_url, first.key_variable, name, None, None, header)
    variable = teacher.key_variable or API_KEY_VARIABLE
    name, header = teacher.output_limit_name, teacher.key_header
    return RoleAddress(teacher.base_url, variable, name, None, None, header)


def _students_base_url(settings: RunSettings, role: RoleName) -> str | None:
    model = settings.student.model
    is_students = role == "tuned" or (
        role == "baseline" and bool(model) and settings.baseline.model in ("", model)
    )
    return settings.student.base_url if is_students else None


def _key_header(
    settings: RunSettings, given: RoleSettings, base_url: str | None, teacher: RoleAddress
) -> KeyHeader:
    """The header for the key of an address, where the role names none: that of whose it is."""
    if given.key_header != "auto":
        return given.key_header
    if base_url in (None, teacher.base_url):
        return teacher.key_header
    return settings.student.key_header if base_url == settings.student.base_url else "auto"


def _usual_key(
    settings: RunSettings, given: RoleSettings, base_url: str | None, teacher: RoleAddress
) -> str:
    """The variable with the key of an address, where the role names none; empty: no key is sent.

    A key goes to no other server than the one that it was given for.
    """
    if base_url in (None, teacher.base_url):
        return teacher.key_variable
    if base_url == settings.student.base_url:
        return settings.student.key_variable or API_KEY_VARIABLE
    return API_KEY_VARIABLE if is_openai(base_url or "") else ""
