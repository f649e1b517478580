"""Tuning: a model is taught a style or a subject from a handful of pictures; what it learned is a LoRA.

    course.py     what is wished
    train.py      pictures and a course in, a kept LoRA out
    pictures.py   which files can be learned from, as square pixels, and what each is called
    lora.py       the learning itself

torch is imported late: all else works without it.
"""

from sfumato.tuning.course import Course
from sfumato.tuning.train import Trained, prepared, train

__all__ = ["Course", "Trained", "prepared", "train"]
