"""A chat template that writes the same prompt on every day and at every server.

What it would ask of its surroundings is settled in its text: so the trained prompt is what
llama.cpp, vLLM and transformers write, whatever their defaults are.
"""

# Qwen 3 and others write another prompt unless a caller says that the model is not to think, which
# llama.cpp and vLLM do not say by themselves; an answer is learnt without thoughts before it.
_THINKING = "enable_thinking"
_WITHOUT_THOUGHTS = "{% set enable_thinking = false %}"
# Llama 3.2 writes today's date, where it can be told; else one that stands in the template.
_CAN_TELL_DATE = "strftime_now is defined"
_CANNOT = "false"


def settled_template(template: str) -> str:
    """The same template, but that it neither thinks nor knows the date; twice is once.

    One that needs the date has no other to take: it stays, and cannot be rendered.
    """
    settled = template.replace(_CAN_TELL_DATE, _CANNOT)
    if _THINKING in settled and not settled.startswith(_WITHOUT_THOUGHTS):
        settled = _WITHOUT_THOUGHTS + settled
    return settled
