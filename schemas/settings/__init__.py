"""The settings of a run, and what they are made of."""

from schemas.settings.dataset import AnswerSettings, DatasetSettings, QuestionSettings
from schemas.settings.documents import ChunkSettings, DocumentSettings
from schemas.settings.run import (
    FORMAT_VERSION,
    BatchSettings,
    BudgetSettings,
    EndpointSettings,
    EvaluationSettings,
    JudgeSettings,
    LimitSettings,
    ModelPrice,
    RoleSettings,
    RunIdentity,
    RunSettings,
    SplitSettings,
    StudentSettings,
    TeacherSettings,
)
from schemas.settings.types import CacheChoice, JsonForm, KeyHeader, Kind, PromptProfile, Scorer

__all__ = [
    "FORMAT_VERSION",
    "AnswerSettings",
    "BatchSettings",
    "BudgetSettings",
    "CacheChoice",
    "ChunkSettings",
    "DatasetSettings",
    "DocumentSettings",
    "EndpointSettings",
    "EvaluationSettings",
    "JsonForm",
    "JudgeSettings",
    "KeyHeader",
    "Kind",
    "LimitSettings",
    "ModelPrice",
    "PromptProfile",
    "QuestionSettings",
    "RoleSettings",
    "RunIdentity",
    "RunSettings",
    "Scorer",
    "SplitSettings",
    "StudentSettings",
    "TeacherSettings",
]
