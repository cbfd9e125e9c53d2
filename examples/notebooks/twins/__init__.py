"""The bundled network `bundled:scene-cnn`, with its trained weights, in other frameworks.

So that each notebook explains a network that has learnt something, without a download. A module
here imports its own framework and no other:

    from twins.in_keras import scene_cnn
"""
