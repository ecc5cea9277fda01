"""The student: fine-tuned, evaluated, compared with its teacher and with what it was before."""
