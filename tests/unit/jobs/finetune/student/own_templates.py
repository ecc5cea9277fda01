"""Chat templates that need care, each as a family of real students has it."""

from tests.unit.jobs.finetune.student.tiny_students import END, START, TEMPLATE

WRITES_BOS = "{{ bos_token }}" + TEMPLATE  # Llama 3
# Llama 3.2
WRITES_DATE = (
    "{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}"
    "{% else %}{% set day = '1 May 2023' %}{% endif %}On {{ day }}.\n" + TEMPLATE
)
NEEDS_DATE = "{{ strftime_now('%d %b %Y') }}" + TEMPLATE
# Qwen 3: an answer has an empty thought before it, a prompt only where none is wanted.
THINKS = (
    "{%- for message in messages %}"
    f"{{{{- '{START}' + message.role + '\\n' }}}}"
    "{%- if message.role == 'assistant' %}{%- set thought = '' %}"
    "{%- if message.reasoning_content is string %}"
    "{%- set thought = message.reasoning_content %}{%- endif %}"
    "{{- '<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' }}{%- endif %}"
    f"{{{{- message.content.lstrip('\\n') + '{END}\\n' }}}}"
    "{%- endfor %}"
    f"{{%- if add_generation_prompt %}}{{{{- '{START}assistant\\n' }}}}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)
REFUSES_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
    + TEMPLATE
)
WRITES_USUAL_SYSTEM = (
    f"{{% if messages[0].role != 'system' %}}{START}system\nBe kind.{END}\n{{% endif %}}" + TEMPLATE
)
# Jinja calls a method of Python's here, which llama.cpp does not know.
IS_UNKNOWN_TO_LLAMA_CPP = TEMPLATE.replace("['content']", "['content'].swapcase()", 1)
