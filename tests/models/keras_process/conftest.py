"""Every test of these processes starts from the same weights, whichever tests ran before it."""

import pytest


@pytest.fixture(autouse=True)
def seeded():
    import keras

    keras.utils.set_random_seed(0)
