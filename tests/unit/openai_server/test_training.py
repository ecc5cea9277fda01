import base64

from tests.openai_server.tuning.metrics import curve, metrics_file


def test_loss_falls_and_accuracy_grows_and_a_seed_repeats_it() -> None:
    steps = curve(100, 7, has_validation=True)

    assert steps[-1].train_loss < steps[0].train_loss
    assert steps[-1].train_accuracy > steps[0].train_accuracy
    assert steps == curve(100, 7, has_validation=True)
    assert steps != curve(100, 8, has_validation=True)


def test_metrics_without_validation_leave_its_columns_empty() -> None:
    text = metrics_file(curve(2, 0, has_validation=False), is_base64=False).decode()

    header, first, _ = text.splitlines()
    assert header.count(",") == first.count(",") == 4
    assert first.startswith("1,")
    assert first.endswith(",,")


def test_base64_is_the_same_file() -> None:
    steps = curve(3, 0, has_validation=True)

    encoded = metrics_file(steps, is_base64=True)

    assert base64.b64decode(encoded) == metrics_file(steps, is_base64=False)
