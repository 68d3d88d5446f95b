"""summary(): letter for letter as Keras prints it."""

import pytest
from twins import check_twins, normal

import kerata


def texts(model, *ranges, columns=3):
    """The summary with every argument."""
    ends = {3: [0.3, 0.7, 1.0], 4: [0.2, 0.5, 0.7, 1.0]}[columns]
    variants = [
        {}, {"expand_nested": True}, {"show_trainable": True}, {"expand_nested": True, "show_trainable": True},
        {"line_length": 60}, {"positions": ends}, {"positions": ends, "line_length": 70},
        *[{"layer_range": r} for r in ranges], *[{"layer_range": r, "expand_nested": True} for r in ranges],
    ]  # fmt: skip
    lines = []
    for variant in variants:
        model.summary(print_fn=lines.append, **variant)
    return "\n".join(lines)


def convnet(K):
    L = K.layers
    model = K.Sequential([
        K.Input((8, 8, 1)), L.Conv2D(4, 3), L.MaxPooling2D(), L.BatchNormalization(), L.Flatten(), L.Dropout(0.5),
        L.Dense(10, name="a_long_name_for_a_layer_that_has_to_be_wrapped_somewhere"),
    ], name="cnn")  # fmt: skip
    plain = texts(model, ("conv2d", "flatten"), ("max.*", "batch.*"), ("flatten", "conv2d"), ("dropout", "dropout"))
    model.layers[0].trainable = False
    return plain + texts(model)


def compiled(K):
    model = K.Sequential([K.Input((3,)), K.layers.Dense(2)])
    model.compile("adam", "mse")
    before = texts(model)
    model.optimizer.build(model.trainable_variables)
    return before + texts(model)


def wired(K):
    L = K.layers
    a, b = K.Input((5,), name="a"), K.Input((3,), name="b")
    x, y = L.Dense(4)(a), L.Dense(4)(b)
    z = L.Concatenate()([x, y, x])
    model = K.Model([a, b], [L.Dense(2)(z), x * 2 + y, L.Dense(4, name="q")(x)], name="f")
    return texts(model, ("a", "dense_1"), ("dense.*", "concat.*"), columns=4)


def twins(K):
    L = K.layers
    a, b = K.Input((5,)), K.Input((5,))
    dense = L.Dense(5)
    twin = K.Sequential([K.Input((5,)), L.Dense(2), L.ReLU()], name="twin")
    return texts(K.Model([a, b], [twin(dense(a)), twin(dense(dense(b)))]), columns=4)


def nested(K):
    L = K.layers
    i = K.Input((4,))
    inner = K.Model(i, L.Dense(3)(L.LayerNormalization()(i)), name="inner")
    j = K.Input((4,))
    middle = K.Model(j, L.Dense(4)(inner(j)), name="middle")
    k = K.Input((4,))
    inner.trainable = False
    both = texts(K.Model(k, [middle(k), inner(k)]), ("middle", "inner"), columns=4)
    stack = K.Sequential([K.Input((4,)), middle, K.Sequential([L.Dense(3), K.Sequential([L.Dense(2)])])])
    return both + texts(stack)


def several_outputs(K):
    i = K.Input((5, 3))
    o, h, c = K.layers.LSTM(4, return_state=True, return_sequences=True)(i)
    total = K.ops.max(h + c, axis=1)
    return texts(K.Model(i, {"o": o, "h": total}), columns=4)


def unbuilt(K):
    L = K.layers
    model = K.Sequential([L.Dense(3), L.Dropout(0.1), L.Dense(2)], name="u")
    text = texts(model) + texts(K.Sequential(name="empty"))
    model(normal(2, 4))
    return text + texts(model)


def subclassed(K):
    class Net(K.Model):
        def __init__(self):
            super().__init__(name="net")
            self.stack = K.Sequential([K.layers.Dense(4), K.layers.BatchNormalization()])
            self.dropout, self.last, self.unused = K.layers.Dropout(0.2), K.layers.Dense(1), K.layers.Dense(3)

        def call(self, x):
            return self.last(self.dropout(self.stack(x)))

    net = Net()
    net(normal(2, 4))
    return texts(net)


def holds_graphs(K):
    """Of a Functional model that is called only within another's `call`, the graph tells the shapes."""
    L = K.layers
    x = K.Input((4,))
    y = L.Dense(3)(x)

    class Coder(K.Model):
        def __init__(self):
            super().__init__(name="coder")
            self.encoder = K.Model(x, [L.Dense(2)(y), L.Dense(2)(y)], name="encoder")
            self.decoder = K.Model(x, y, name="decoder")
            self.unused = L.Dense(3)

    return texts(Coder())


def dtypes(K):
    L = K.layers
    layers = [L.Dense(2, dtype="mixed_bfloat16"), L.Dense(2, dtype="bfloat16"), L.Dense(1000)]
    return texts(K.Sequential([K.Input((3,)), *layers]))


PROGRAMS = [convnet, compiled, wired, twins, nested, several_outputs, unbuilt, subclassed, holds_graphs, dtypes]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_text(program):
    with kerata.backend_scope("jax" if program is compiled else "numpy"):
        check_twins(program)


def test_a_built_model_shows_its_batch_axis_as_unknown(backend):
    class Net(kerata.Model):
        def __init__(self):
            super().__init__()
            self.dense = kerata.layers.Dense(4)

        def call(self, x):
            return self.dense(x)

    net, lines = Net(), []
    net.build((None, 3))
    net.summary(print_fn=lines.append)
    assert "(None, 4)" in lines[0]
    assert net.dense.get_build_config() == {"input_shape": (None, 3)}


def test_mistakes():
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"names 'x'.*\['dense"):
        model.summary(layer_range=("x", "y"))
    with pytest.raises(ValueError, match="two names"):
        model.summary(layer_range=("dense",))
    with pytest.raises(ValueError, match="3 increasing numbers"):
        model.summary(positions=[0.5, 1.0])


def test_positions_as_keras_takes_them():
    """More than there are columns, or those of the table without the column "Trainable"."""
    model, lines = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="d")], name="s"), []
    model.summary(positions=[0.4, 0.7, 0.9, 1.0], line_length=60, print_fn=lines.append)
    assert [len(column) for column in lines[0].split("\n")[1].strip("┏┓").split("┳")] == [25, 18, 13]
    model.summary(positions=[0.4, 0.7, 1.0], line_length=71, show_trainable=True, print_fn=lines.append)
    assert [c.strip() for c in lines[1].split("\n")[2].strip("┃").split("┃")][3] == "Trainable"
