#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the small models of this folder: NAME/model.onnx and NAME/test_data_set_0..2.

Expected outputs come from `evaluate` below, which follows the ONNX text of each operator, in double precision,
and are rounded once. `--check` (needs torch and onnxruntime) holds them against PyTorch in double where it has
the cell, and against ONNX Runtime. Needs numpy and onnx; the same files come out every time.
"""

import argparse
import pathlib
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
LENGTHS = (1, 7, 33)  # T of the three data sets, where T is symbolic


class Builder:
    """Collects nodes and weights of one graph."""

    def __init__(self, name, seed):
        self.name, self.random = name, np.random.default_rng(seed)
        self.nodes, self.weights, self.inputs, self.outputs = [], {}, [], []

    def input(self, name, *shape):
        self.inputs.append((name, shape))
        return name

    def output(self, name, *shape):
        self.outputs.append((name, shape))

    def weight(self, name, *shape, scale=0.5):
        """Uniform, off centre, so that no two axes, gates or signs can be exchanged unseen."""
        values = self.random.uniform(-scale, scale, size=shape) + 0.05 * scale
        self.weights[name] = values.astype(np.float32)
        return name

    def integers(self, name, values):
        self.weights[name] = np.array(values, dtype=np.int64)
        return name

    def node(self, op, inputs, outputs, **attributes):
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"/{self.name}/{outputs[0] or op}", **attributes))
        return outputs[0]

    def cell(self, op, x, size, hidden, tag="", states=(), outputs=("y", "", ""), **attributes):
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
        names = [
            x,
            self.weight(f"W{tag}", 1, gates * hidden, size),
            self.weight(f"R{tag}", 1, gates * hidden, hidden, scale=1.2 / np.sqrt(hidden)),
            self.weight(f"B{tag}", 1, 2 * gates * hidden),
        ]
        if states:
            names += ["", *states]
        outputs = list(outputs)
        while outputs[-1] == "":
            outputs.pop()
        return self.node(op, names, outputs, hidden_size=hidden, **attributes)

    def model(self):
        def info(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            self.name,
            [info(*x) for x in self.inputs],
            [info(*y) for y in self.outputs],
            [numpy_helper.from_array(w, name) for name, w in self.weights.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make_models.py")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        return model


# ---- the models ----


def lstm_small(b):
    x = b.input("x", "T", 1, 5)
    y = b.cell("LSTM", x, 5, 7, outputs=("y", "h", "c"))
    b.output(y, "T", 1, 1, 7)
    b.output("h", 1, 1, 7)
    b.output("c", 1, 1, 7)


def gru_small(b):
    y = b.cell("GRU", b.input("x", "T", 1, 6), 6, 17, outputs=("y", "h"), linear_before_reset=1)
    b.output(y, "T", 1, 1, 17)
    b.output("h", 1, 1, 17)


def gru_lbr0(b):
    y = b.cell("GRU", b.input("x", "T", 1, 3), 3, 10, outputs=("y", "h"), linear_before_reset=0)
    b.output(y, "T", 1, 1, 10)
    b.output("h", 1, 1, 10)


def rnn_small(b):
    y = b.cell("RNN", b.input("x", "T", 1, 4), 4, 9, outputs=("y", "h"))
    b.output(y, "T", 1, 1, 9)
    b.output("h", 1, 1, 9)


def stacked(b, op, size, hidden, **attributes):
    """Two layers; the states of both lie in one tensor, as torch.nn writes them."""
    x = b.input("x", "T", 1, size)
    carried = ["h", "c"] if op == "LSTM" else ["h"]
    for s in carried:
        b.input(f"{s}0", 2, 1, hidden)
    for layer in range(2):
        begin, end = b.integers(f"begin{layer}", [layer]), b.integers(f"end{layer}", [layer + 1])
        axis = b.integers(f"axis{layer}", [0])
        states = [b.node("Slice", [f"{s}0", begin, end, axis], [f"{s}0_{layer}"]) for s in carried]
        finals = [f"{s}n_{layer}" for s in carried]
        cell_outputs = (f"y{layer}", *finals)
        y = b.cell(op, x, size if layer == 0 else hidden, hidden, str(layer), states, cell_outputs, **attributes)
        x = b.node("Squeeze", [y, b.integers(f"direction{layer}", [1])], [f"s{layer}"])
    for s in carried:
        b.node("Concat", [f"{s}n_0", f"{s}n_1"], [f"{s}n"], axis=0)
    product = b.node("MatMul", [x, b.weight("V", hidden, 3)], ["product"])
    b.output(b.node("Add", [product, b.weight("v", 3)], ["y"]), "T", 1, 3)
    for s in carried:
        b.output(f"{s}n", 2, 1, hidden)


def stacked_lstm(b):
    stacked(b, "LSTM", 4, 9)


def stacked_gru(b):
    stacked(b, "GRU", 5, 12, linear_before_reset=1)


def batch_lstm(b):
    x = b.node("Transpose", [b.input("x", 3, "T", 4)], ["time_major"], perm=[1, 0, 2])
    b.cell("LSTM", x, 4, 6, outputs=("", "h"))
    last = b.node("Squeeze", ["h", b.integers("direction", [0])], ["last"])
    out = b.node("Gemm", [last, b.weight("V", 2, 6), b.weight("v", 2)], ["y"], transB=1)
    b.output(out, 3, 2)


def conv_lstm_static(b):
    x = b.input("x", 1, 3, 12)
    conv = b.node("Conv", [x, b.weight("K", 5, 3, 3), b.weight("k", 5)], ["conv"], kernel_shape=[3], pads=[1, 1])
    relu = b.node("Relu", [conv], ["relu"])
    x = b.node("Transpose", [relu], ["time_major"], perm=[2, 0, 1])
    y = b.node("Squeeze", [b.cell("LSTM", x, 5, 8, outputs=("steps",)), b.integers("direction", [1])], ["squeezed"])
    product = b.node("MatMul", [y, b.weight("V", 8, 4)], ["product"])
    b.output(b.node("Add", [product, b.weight("v", 4)], ["y"]), 12, 1, 4)


def lstm_initial_state(b):
    states = (b.weight("initial_h", 1, 1, 11, scale=0.9), b.weight("initial_c", 1, 1, 11, scale=1.5))
    y = b.cell("LSTM", b.input("x", "T", 1, 2), 2, 11, states=states, outputs=("y", "h", "c"))
    b.output(y, "T", 1, 1, 11)
    b.output("h", 1, 1, 11)
    b.output("c", 1, 1, 11)


def mlp(b):
    x = b.input("x", 1, 10)
    hidden = b.node("Gemm", [x, b.weight("A", 19, 10), b.weight("a", 19)], ["hidden"], transB=1)
    relu = b.node("Relu", [hidden], ["relu"])
    logits = b.node("Gemm", [relu, b.weight("V", 19, 7), b.weight("v", 7)], ["logits"])
    b.output(b.node("Softmax", [logits], ["y"], axis=-1), 1, 7)


MODELS = [
    lstm_small,
    gru_small,
    gru_lbr0,
    rnn_small,
    stacked_lstm,
    stacked_gru,
    batch_lstm,
    conv_lstm_static,
    lstm_initial_state,
    mlp,
]

# ---- the operators, after the ONNX text, in double ----


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def initial(given, x, hidden):
    return np.zeros((x.shape[1], hidden)) if given is None else given[0]


def lstm(a, x, w, r, b, lengths=None, h0=None, c0=None):
    n = a["hidden_size"]
    h, c, ys = initial(h0, x, n), initial(c0, x, n), []
    for xt in x:
        z = xt @ w[0].T + h @ r[0].T + b[0, : 4 * n] + b[0, 4 * n :]
        i, o, f, g = (z[:, k * n : (k + 1) * n] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        ys.append(h)
    return np.array(ys)[:, None], h[None], c[None]


def gru(a, x, w, r, b, lengths=None, h0=None):
    n = a["hidden_size"]
    (wz, wr, wh), (rz, rr, rh) = np.split(w[0], 3), np.split(r[0], 3)
    bwz, bwr, bwh, brz, brr, brh = np.split(b[0], 6)
    h, ys = initial(h0, x, n), []
    for xt in x:
        z = sigmoid(xt @ wz.T + h @ rz.T + bwz + brz)
        reset = sigmoid(xt @ wr.T + h @ rr.T + bwr + brr)
        if a.get("linear_before_reset", 0):
            candidate = np.tanh(xt @ wh.T + reset * (h @ rh.T + brh) + bwh)
        else:
            candidate = np.tanh(xt @ wh.T + (reset * h) @ rh.T + brh + bwh)
        h = (1 - z) * candidate + z * h
        ys.append(h)
    return np.array(ys)[:, None], h[None]


def rnn(a, x, w, r, b, lengths=None, h0=None):
    n = a["hidden_size"]
    h, ys = initial(h0, x, n), []
    for xt in x:
        h = np.tanh(xt @ w[0].T + h @ r[0].T + b[0, :n] + b[0, n:])
        ys.append(h)
    return np.array(ys)[:, None], h[None]


def conv(a, x, w, b):
    """One axis, stride 1, one group."""
    x = np.pad(x, ((0, 0), (0, 0), tuple(a["pads"])))
    width = w.shape[2]
    steps = [np.einsum("bck,ock->bo", x[:, :, t : t + width], w) for t in range(x.shape[2] - width + 1)]
    return np.stack(steps, 2) + b[:, None]


def softmax(a, x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


OPERATORS = {
    "LSTM": lstm,
    "GRU": gru,
    "RNN": rnn,
    "Conv": conv,
    "Softmax": softmax,
    "Gemm": lambda a, x, w, c: x @ (w.T if a.get("transB", 0) else w) + c,
    "MatMul": lambda a, x, w: x @ w,
    "Add": lambda a, x, y: x + y,
    "Relu": lambda a, x: np.maximum(x, 0),
    "Squeeze": lambda a, x, axes: np.squeeze(x, tuple(axes)),
    "Transpose": lambda a, x: x.transpose(a["perm"]),
    "Concat": lambda a, *xs: np.concatenate(xs, a["axis"]),
    "Slice": lambda a, x, begin, end, axis: x[begin[0] : end[0]],  # axis 0 only
}


def evaluate(builder, inputs):
    values = {name: v.astype(np.float64) if v.dtype == np.float32 else v for name, v in builder.weights.items()}
    values |= {name: v.astype(np.float64) for name, v in inputs.items()}
    for node in builder.nodes:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        operands = [values[name] if name else None for name in node.input]
        results = OPERATORS[node.op_type](attributes, *operands)
        results = results if isinstance(results, tuple) else (results,)
        values |= {name: result for name, result in zip(node.output, results) if name}
    return {name: values[name].astype(np.float32) for name, _ in builder.outputs}


def check(path, builder, inputs, outputs):
    """ONNX Runtime, and for a single cell of PyTorch's, that too."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = session.run(list(outputs), inputs)
    worst = max(np.abs(a - b).max() for a, b in zip(theirs, outputs.values()))
    assert worst < 2e-6, (builder.name, worst)
    message = f"ONNX Runtime within {worst:.1e}"
    node = builder.nodes[0]
    order = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}.get(node.op_type)
    if order and len(builder.nodes) == 1 and builder.name != "gru_lbr0":
        import torch

        w, r, b = (torch.from_numpy(builder.weights[name][0]).double() for name in "WRB")
        cell = getattr(torch.nn, node.op_type)(w.shape[1], r.shape[1]).double()
        pick = lambda m: torch.cat([m.chunk(len(order))[g] for g in order])
        cell.load_state_dict(
            {
                "weight_ih_l0": pick(w),
                "weight_hh_l0": pick(r),
                "bias_ih_l0": pick(b.chunk(2)[0]),
                "bias_hh_l0": pick(b.chunk(2)[1]),
            }
        )
        states = [torch.from_numpy(builder.weights[name]).double() for name in node.input[5:]]
        x = torch.from_numpy(inputs["x"]).double()
        y, _ = cell(x, tuple(states)) if states else cell(x)
        worst = np.abs(y.detach().numpy()[:, None].astype(np.float32) - outputs["y"]).max()
        assert worst < 2e-7, (builder.name, worst)
        message += f", PyTorch in double within {worst:.1e}"
    print(f"{builder.name}: {message}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("-o", type=pathlib.Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    for seed, build in enumerate(MODELS):
        builder = Builder(build.__name__, seed + 1)
        build(builder)
        folder = options.o / builder.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path = folder / "model.onnx"
        path.write_bytes(builder.model().SerializeToString())
        for number, steps in enumerate(LENGTHS):
            random = np.random.default_rng([seed + 1, number])
            inputs = {
                name: random.uniform(-1, 1.3, size=[steps if d == "T" else d for d in shape]).astype(np.float32)
                for name, shape in builder.inputs
            }
            outputs = evaluate(builder, inputs)
            data = folder / f"test_data_set_{number}"
            data.mkdir()
            for kind, tensors in (("input", inputs), ("output", outputs)):
                for index, (name, array) in enumerate(tensors.items()):
                    proto = numpy_helper.from_array(array, name)
                    (data / f"{kind}_{index}.pb").write_bytes(proto.SerializeToString())
            if options.check:
                check(path, builder, inputs, outputs)


if __name__ == "__main__":
    main()
