"""What a training is given of its environment."""

from jobs.finetune.student.training.run_child import THREAD_LIMIT, child_environment


def test_a_training_on_a_gpu_can_repeat_its_numbers_and_no_limit_of_threads_reaches_it() -> None:
    environment = child_environment({"PATH": "/bin", THREAD_LIMIT: "1"})

    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert environment["PATH"] == "/bin"
    assert THREAD_LIMIT not in environment


def test_what_the_user_has_set_for_a_gpu_stays() -> None:
    given = {"CUBLAS_WORKSPACE_CONFIG": ":16:8", "CUDA_VISIBLE_DEVICES": "1"}

    assert child_environment(given).items() >= given.items()
